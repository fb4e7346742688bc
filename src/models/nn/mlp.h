#pragma once

#include <ATen/ATen.h>

#include "models/nn/linear.h"

namespace orrery {

// down(silu(gate x) · up x): gate and up are one column-parallel product, down is row-parallel, and so y is this rank's
// share of a sum over the ranks of the tp group. No communication. x: (T, hidden), of the format given; y: (T, hidden).
class SwiGlu {
 public:
  SwiGlu(const Weights& w, std::int64_t hidden, std::int64_t intermediate, RowFormat format);
  at::Tensor operator()(const ScaledRows& x) const;

 private:
  ColumnParallelLinear gate_up_;
  RowParallelLinear down_;
  RowFormat format_;
};

}  // namespace orrery
