#pragma once

#include <ATen/ATen.h>

namespace orrery {

// x += bias + residual, in place. x, residual: (1, C, T, H, W); bias: (C), or undefined. On a GPU in bfloat16, channels
// last, one kernel.
void add_biased(at::Tensor& x, const at::Tensor& bias, const at::Tensor& residual);

// add_biased() composed of ATen operations, on any device and in any dtype.
void add_biased_aten(at::Tensor& x, const at::Tensor& bias, const at::Tensor& residual);

}  // namespace orrery
