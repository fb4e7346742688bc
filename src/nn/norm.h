#pragma once

#include <ATen/ATen.h>

#include <string_view>

#include "checkpoint/weights.h"

namespace orrery {

// x / sqrt(mean(x²) + eps) · weight over the last dimension, accumulated in float32.
class RmsNorm {
 public:
  RmsNorm(const Weights& w, std::string_view name, std::int64_t size, double eps);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  double eps_;
};

}  // namespace orrery
