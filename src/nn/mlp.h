#pragma once

#include <ATen/ATen.h>

#include "nn/linear.h"

namespace orrery {

// down(silu(gate x) · up x): gate and up are one column-parallel product, down is row-parallel. Collective over `tp`.
// x and y: (T, hidden).
class SwiGlu {
 public:
  SwiGlu(const Weights& w, std::int64_t hidden, std::int64_t intermediate, Collectives& tp);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  ColumnParallelLinear gate_up_;
  RowParallelLinear down_;
};

}  // namespace orrery
