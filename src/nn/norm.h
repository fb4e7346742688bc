#pragma once

#include <ATen/ATen.h>

#include <string_view>

#include "checkpoint/weights.h"

namespace orrery {

// x / sqrt(mean(x²) + eps) · weight over the last dimension, accumulated in float32.
class RmsNorm {
 public:
  RmsNorm(const Weights& w, std::string_view name, std::int64_t size, double eps);
  // x += delta first, in the same pass over memory; an undefined delta adds nothing. x: (rows, size).
  at::Tensor operator()(at::Tensor& x, const at::Tensor& delta) const;

 private:
  at::Tensor weight_;
  double eps_;
};

}  // namespace orrery
