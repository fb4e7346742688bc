#pragma once

#include <ATen/ATen.h>

namespace orrery {

// x += delta, then x / sqrt(mean(x²) + eps) · weight over the last dimension, accumulated in float32. x: (rows, width),
// changed in place; delta: of x's shape, or undefined, and then x stays. Returns (rows, width). On a GPU in bfloat16
// one kernel reads and writes each row once.
at::Tensor add_rms_norm(at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps);

// The same by ATen's operations, on any device and in any dtype.
at::Tensor add_rms_norm_aten(at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps);

}  // namespace orrery
