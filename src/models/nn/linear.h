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
  ProductWeight(ScaledRows rows, at::ScalarType dtype) : rows_(std::move(rows)), dtype_(dtype) {}

  // The format of the inputs in a pass of that precision.
  RowFormat inputs(Precision precision) const;
  // x: (T, in); returns (T, out).
  at::Tensor operator()(const ScaledRows& x) const;
  // Writes the product into `y`, whose rows may lie in a larger tensor.
  void into(at::Tensor y, const ScaledRows& x) const;
  std::int64_t out() const { return rows_.data.size(0); }

 private:
  ScaledRows rows_;
  at::ScalarType dtype_;
};

// Several projections of the same input as one product, each cut by output rows over the tp group.
// x: (T, in) whole, of the format of inputs() or plain; y: (T, this rank's rows of every part, in order of the parts).
// No communication.
class ColumnParallelLinear {
 public:
  ColumnParallelLinear(const Weights& w, const std::vector<WeightPart>& parts, std::int64_t in, RowFormat format);
  RowFormat inputs(Precision precision) const { return weight_.inputs(precision); }
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
  RowParallelLinear(const Weights& w, std::int64_t in, std::int64_t out, RowFormat format);
  RowFormat inputs(Precision precision) const { return weight_.inputs(precision); }
  at::Tensor operator()(const ScaledRows& x) const { return weight_(x); }

 private:
  ProductWeight weight_;
};

// down(silu(gate x) · up x): gate and up are one column-parallel product, down is row-parallel, and so y is this rank's
// share of a sum over the ranks of the tp group. No communication. x: (T, hidden), of the format of inputs(); y:
// (T, hidden).
class SwiGlu {
 public:
  SwiGlu(const Weights& w, std::int64_t hidden, std::int64_t intermediate, RowFormat format);
  RowFormat inputs(Precision precision) const { return gate_up_.inputs(precision); }
  at::Tensor operator()(const ScaledRows& x, Precision precision) const;

 private:
  ColumnParallelLinear gate_up_;
  RowParallelLinear down_;
};

}  // namespace orrery
