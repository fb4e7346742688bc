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
  // `products` becomes `format`. With Float8, weights that are stored in 8 bits stay in 8 bits.
  ProductSettings(RowFormat products = RowFormat::Plain, bool with_input_factors = false)
      : format(products), keeps_float8(products == RowFormat::Float8), input_factors(with_input_factors) {}

  // Format of inputs and weights in passes of native precision. In a quantised checkpoint, only the matrices that it
  // stores in 8 bits are multiplied in 8 bits.
  RowFormat format;
  bool keeps_float8;   // keep weights stored in 8 bits so, even with plain products
  bool input_factors;  // use the checkpoint's factors of 8-bit inputs if it has them

  // These settings with plain products.
  ProductSettings plain() const {
    ProductSettings same = *this;
    same.format = RowFormat::Plain;
    return same;
  }
};

// y = x Wᵀ (+ b), replicated on every rank. x: (T, in), y: (T, out).
class Linear {
 public:
  Linear(const Weights& w, std::int64_t in, std::int64_t out, Bias bias);
  at::Tensor operator()(const at::Tensor& x) const;
  // Writes x Wᵀ + b + shift into `y`, which may be a view of rows of a larger tensor. `shift`: (out), added to every
  // row, or undefined. Only for a layer with a bias.
  void into(at::Tensor y, const at::Tensor& x, const at::Tensor& shift) const;
  // Computes next(this(x) + shift) as one product, in float32 whatever the weights' type, without the intermediate
  // tensor. Only for layers with a bias. x: (T, in) float32; `shift`: (out of this layer) float32, or undefined.
  at::Tensor then(const Linear& next, const at::Tensor& x, const at::Tensor& shift) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// The weight of a product, in one format. Inputs have the same format or are plain; 8-bit weights are converted to the
// inputs' dtype for plain inputs.
class ProductWeight {
 public:
  // `inputs`: how inputs are stored in passes of native precision; plain for plain weights.
  ProductWeight(ScaledRows rows, const RowTarget& inputs, at::ScalarType dtype)
      : rows_(std::move(rows)), inputs_(inputs), dtype_(dtype) {}

  // How to store the inputs in a pass of `precision`.
  RowTarget inputs(Precision precision) const { return precision == Precision::Native ? inputs_ : RowTarget{}; }
  // x: (T, in); returns (T, out).
  at::Tensor operator()(const ScaledRows& x) const;
  // Writes the product into `y`, which may be a view of rows of a larger tensor.
  void into(at::Tensor y, const ScaledRows& x) const;
  std::int64_t out() const { return rows_.data.size(0); }

 private:
  ScaledRows rows_;
  RowTarget inputs_;
  at::ScalarType dtype_;
};

// Several projections of the same input as one product, each split by output rows over the tp group. x: (T, in),
// replicated, in the format of inputs() or plain; y: (T, this rank's rows of every part, in the order of the parts). No
// communication.
class ColumnParallelLinear {
 public:
  ColumnParallelLinear(const Weights& w, const std::vector<WeightPart>& parts, std::int64_t in,
                       const ProductSettings& settings);
  RowTarget inputs(Precision precision) const { return weight_.inputs(precision); }
  at::Tensor operator()(const ScaledRows& x) const { return weight_(x); }
  // Writes the product into `y`, which may be a view of rows of a larger tensor.
  void into(at::Tensor y, const ScaledRows& x) const { weight_.into(std::move(y), x); }
  // Number of columns of y.
  std::int64_t width() const { return weight_.out(); }

 private:
  ProductWeight weight_;
};

// A projection split by input columns over the tp group: x holds this rank's columns, in the format of inputs() or
// plain, and y is this rank's partial sum, which the caller must all-reduce. No communication. x: (T, in / tp), y: (T,
// out).
class RowParallelLinear {
 public:
  RowParallelLinear(const Weights& w, std::int64_t in, std::int64_t out, const ProductSettings& settings);
  RowTarget inputs(Precision precision) const { return weight_.inputs(precision); }
  at::Tensor operator()(const ScaledRows& x) const { return weight_(x); }

 private:
  ProductWeight weight_;
};

// down(silu(gate x) · up x) or down(max(up x, 0)²): gate and up are one column-parallel product and down is
// row-parallel, so y is this rank's partial sum, which the caller must all-reduce over the tp group. No communication.
// x: (T, hidden), in the format of inputs(); y: (T, hidden).
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
