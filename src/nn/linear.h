#pragma once

#include <ATen/ATen.h>

#include <string_view>
#include <vector>

#include "checkpoint/weights.h"
#include "parallel/collectives.h"

namespace orrery {

enum class Bias { No, Yes };

// y = x Wᵀ (+ b), the same on every rank. x: (T, in), y: (T, out).
class Linear {
 public:
  Linear(const Weights& w, std::int64_t in, std::int64_t out, Bias bias);
  at::Tensor operator()(const at::Tensor& x) const;
  // The same into `y`, whose rows may lie in a larger tensor, plus `shift` (out), float32, in every row; undefined:
  // nothing. Only for a layer with a bias.
  void into(at::Tensor y, const at::Tensor& x, const at::Tensor& shift) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// Several projections of the same input as one product, each cut by output rows over the tp group.
// x: (T, in) whole; y: (T, this rank's rows of every part, in order of the parts). No communication.
class ColumnParallelLinear {
 public:
  ColumnParallelLinear(const Weights& w, const std::vector<WeightPart>& parts, std::int64_t in);
  at::Tensor operator()(const at::Tensor& x) const;
  // The same into `y`, whose rows may lie in a larger tensor.
  void into(at::Tensor y, const at::Tensor& x) const;
  // Columns of y.
  std::int64_t width() const { return weight_.size(0); }

 private:
  at::Tensor weight_;
};

// The counterpart: x holds this rank's columns, and the ranks' partial products are summed. Collective over `tp`.
// x: (T, in / tp), y: (T, out) whole.
class RowParallelLinear {
 public:
  RowParallelLinear(const Weights& w, std::int64_t in, std::int64_t out, Collectives& tp);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  Collectives* tp_;
};

}  // namespace orrery
