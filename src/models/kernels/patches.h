#pragma once

#include <ATen/ATen.h>

namespace orrery {

// A latent (C, t, h, w) float32 cut into 2×2 patches: (tokens, 4 · C) in `dtype`. Token order (t, row, column), inside
// a token (row, column, channel), channel fastest; odd heights and widths are padded with zeros. On a GPU into bfloat16
// one kernel.
at::Tensor patchify(const at::Tensor& latent, at::ScalarType dtype);

// The inverse of patchify(): float32, without the padding. `latent_shape`: (C, t, h, w). On a GPU from bfloat16 one
// kernel.
at::Tensor unpatchify(const at::Tensor& tokens, at::IntArrayRef latent_shape);

// patchify() and unpatchify() composed of ATen operations, on any device and in any dtype.
at::Tensor patchify_aten(const at::Tensor& latent, at::ScalarType dtype);
at::Tensor unpatchify_aten(const at::Tensor& tokens, at::IntArrayRef latent_shape);

}  // namespace orrery
