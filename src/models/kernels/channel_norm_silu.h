#pragma once

#include <ATen/ATen.h>

namespace orrery {

// Writes silu(y / max(‖y‖ over channels, 1e-12) · gain), where y = x + bias, to `out`. x, out: (1, C, T, H, W), any
// strides; bias: (C) in x's dtype, or undefined; gain: (C) float32, like the computation. On a GPU, channels-last
// bfloat16 takes one kernel that reads x once and writes out once.
void channel_norm_silu(const at::Tensor& x, const at::Tensor& bias, const at::Tensor& gain, const at::Tensor& out);

// channel_norm_silu() made of ATen operations, for any device and dtype.
void channel_norm_silu_aten(const at::Tensor& x, const at::Tensor& bias, const at::Tensor& gain, const at::Tensor& out);

// The norm of x without bias and SiLU, in x's dtype.
at::Tensor channel_norm_aten(const at::Tensor& x, const at::Tensor& gain);

}  // namespace orrery
