#pragma once

#include <ATen/ATen.h>

#include <string_view>
#include <utility>

#include "io/checkpoint/weights.h"
#include "models/kernels/add_rms_norm.h"

namespace orrery {

// x / sqrt(mean(x²) + eps) · weight over the last dimension, accumulated in float32.
class RmsNorm {
 public:
  RmsNorm(const Weights& w, std::string_view name, std::int64_t size, double eps);
  RmsNorm(at::Tensor weight, double eps) : weight_(std::move(weight)), eps_(eps) {}
  // x += delta first, in the same pass over memory. x: (rows, size).
  ScaledRows operator()(at::Tensor& x, const Delta& delta, RowFormat format) const;

 private:
  at::Tensor weight_;
  double eps_;
};

}  // namespace orrery
