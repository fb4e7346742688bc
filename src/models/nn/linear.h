#pragma once

#include <ATen/ATen.h>

#include <string_view>
#include <utility>
#include <vector>

#include "io/checkpoint/weights.h"
#include "models/kernels/scaled_rows.h"
#include "models/nn/precision.h"

namespace orrery {

enum class Bias { No, Yes };

// How a tower's products are computed.
struct ProductSettings {
  // `products`: see `format`. Where that is Float8, what is stored in 8 bits is kept so.
  ProductSettings(RowFormat products = RowFormat::Plain, bool with_input_factors = false)
      : format(products), keeps_float8(products == RowFormat::Float8), input_factors(with_input_factors) {}

  // Of inputs and weights in passes of native precision. Of a checkpoint that is quantised only matrices that it stores
  // in 8 bits are multiplied in 8 bits.
  RowFormat format;
  bool keeps_float8;   // weights that are stored in 8 bits stay so, also where products are plain
  bool input_factors;  // the checkpoint's for inputs in 8 bits, where it has them; otherwise each row's own

  // Plain products of the same weights.
  ProductSettings plain() const {
    ProductSettings same = *this;
    same.format = RowFormat::Plain;
    return same;
  }
};

// y = x Wᵀ (+ b), the same on every rank. x: (T, in), y: (T, out).
class Linear {
 public:
  Linear(const Weights& w, std::int64_t in, std::int64_t out, Bias bias);
  at::Tensor operator()(const at::Tensor& x) const;
  // Writes x Wᵀ + b + shift into `y`, whose rows may lie in a larger tensor. `shift`: (out), added to every row;
  // undefined: none. Only for a layer with a bias.
  void into(at::Tensor y, const at::Tensor& x, const at::Tensor& shift) const;
  // next(this(x) + shift) as one product, in float32 whatever the weights' type, without the tensor between. Only for
  // layers with a bias. x: (T, in) float32; `shift`: (out of this) float32; undefined: nothing.
  at::Tensor then(const Linear& next, const at::Tensor& x, const at::Tensor& shift) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// The weight of a product in one format. Its inputs are of that format too, or plain: 8-bit weights are then multiplied
// out for the product.
class ProductWeight {
 public:
  // `inputs`: of passes of native precision; plain for plain rows.
  ProductWeight(ScaledRows rows, const RowTarget& inputs, at::ScalarType dtype)
      : rows_(std::move(rows)), inputs_(inputs), dtype_(dtype) {}

  // How the inputs are to be stored in a pass of that precision.
  RowTarget inputs(Precision precision) const { return precision == Precision::Native ? inputs_ : RowTarget{}; }
  // x: (T, in); returns (T, out).
  at::Tensor operator()(const ScaledRows& x) const;
  // Writes the product into `y`, whose rows may lie in a larger tensor.
  void into(at::Tensor y, const ScaledRows& x) const;
  std::int64_t out() const { return rows_.data.size(0); }

 private:
  ScaledRows rows_;
  RowTarget inputs_;
  at::ScalarType dtype_;
};

// Several projections of the same input as one product, each cut by output rows over the tp group.
// x: (T, in) whole, of the format of inputs() or plain; y: (T, this rank's rows of every part, in order of the parts).
// No communication.
class ColumnParallelLinear {
 public:
  ColumnParallelLinear(const Weights& w, const std::vector<WeightPart>& parts, std::int64_t in,
                       const ProductSettings& settings);
  RowTarget inputs(Precision precision) const { return weight_.inputs(precision); }
  at::Tensor operator()(const ScaledRows& x) const { return weight_(x); }
  // Writes the product into `y`, whose rows may lie in a larger tensor.
  void into(at::Tensor y, const ScaledRows& x) const { weight_.into(std::move(y), x); }
  // Columns of y.
  std::int64_t width() const { return weight_.out(); }

 private:
  ProductWeight weight_;
};

// A projection cut by input columns over the tp group: x holds this rank's columns, of the format of inputs() or plain,
// and y is this rank's partial sum, still to be all-reduced. No communication. x: (T, in / tp), y: (T, out).
class RowParallelLinear {
 public:
  RowParallelLinear(const Weights& w, std::int64_t in, std::int64_t out, const ProductSettings& settings);
  RowTarget inputs(Precision precision) const { return weight_.inputs(precision); }
  at::Tensor operator()(const ScaledRows& x) const { return weight_(x); }

 private:
  ProductWeight weight_;
};

// down(silu(gate x) · up x) or down(max(up x, 0)²): gate and up are one column-parallel product, down is row-parallel,
// and so y is this rank's share of a sum over the ranks of the tp group. No communication. x: (T, hidden), of the
// format of inputs(); y: (T, hidden).
class Mlp {
 public:
  Mlp(const Weights& w, MlpKind kind, std::int64_t hidden, std::int64_t intermediate, const ProductSettings& settings);
  RowTarget inputs(Precision precision) const { return inner_.inputs(precision); }
  at::Tensor operator()(const ScaledRows& x, Precision precision) const;

 private:
  MlpKind kind_;
  ColumnParallelLinear inner_;
  RowParallelLinear down_;
};

}  // namespace orrery
