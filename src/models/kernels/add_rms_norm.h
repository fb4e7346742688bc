#pragma once

#include <ATen/ATen.h>

#include "models/kernels/scaled_rows.h"

namespace orrery {

// What is added to a residual stream: the sum of both, each of the stream's shape or undefined; `more` only beside
// `first`.
struct Delta {
  at::Tensor first;
  at::Tensor more;
};

// x += delta, then x / sqrt(mean(x²) + eps) · weight over the last dimension, accumulated in float32. x: (rows, width),
// changed in place. Returns (rows, width). On a GPU in bfloat16 one kernel reads and writes each row once.
ScaledRows add_rms_norm(at::Tensor& x, const Delta& delta, const at::Tensor& weight, double eps,
                        RowFormat format = RowFormat::Plain);

// add_rms_norm() composed of ATen operations, on any device and in any dtype.
ScaledRows add_rms_norm_aten(at::Tensor& x, const Delta& delta, const at::Tensor& weight, double eps,
                             RowFormat format = RowFormat::Plain);

}  // namespace orrery
