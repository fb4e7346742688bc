#pragma once

#include <ATen/ATen.h>

namespace orrery {

// silu(y / max(‖y‖ over channels, 1e-12) · gain), where y = x + bias, written to `out`. x, out: (1, C, T, H, W) of any
// strides; bias: (C) in x's dtype, or undefined; gain: (C), float32, in which the norm is computed. On a GPU in
// bfloat16, where the channels of a pixel are neighbours, one kernel reads x once and writes out once.
void channel_norm_silu(const at::Tensor& x, const at::Tensor& bias, const at::Tensor& gain, const at::Tensor& out);

// channel_norm_silu() composed of ATen operations, on any device and in any dtype.
void channel_norm_silu_aten(const at::Tensor& x, const at::Tensor& bias, const at::Tensor& gain, const at::Tensor& out);

// The norm alone, without bias and SiLU, in x's dtype.
at::Tensor channel_norm_aten(const at::Tensor& x, const at::Tensor& gain);

}  // namespace orrery
