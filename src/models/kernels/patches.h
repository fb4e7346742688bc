#pragma once

#include <ATen/ATen.h>

namespace orrery {

// Cuts a latent (C, t, h, w) float32 into 2×2 patches: (tokens, 4 · C) in `dtype`. Tokens are ordered by (t, row,
// column), and values in a token by (row, column, channel), channel fastest. Odd heights and widths are padded with
// zeros. On a GPU, conversion to bfloat16 takes one kernel.
at::Tensor patchify(const at::Tensor& latent, at::ScalarType dtype);

// The inverse of patchify(): float32, without the padding. `latent_shape`: (C, t, h, w). On a GPU, conversion from
// bfloat16 takes one kernel.
at::Tensor unpatchify(const at::Tensor& tokens, at::IntArrayRef latent_shape);

// patchify() and unpatchify() made of ATen operations, for any device and dtype.
at::Tensor patchify_aten(const at::Tensor& latent, at::ScalarType dtype);
at::Tensor unpatchify_aten(const at::Tensor& tokens, at::IntArrayRef latent_shape);

}  // namespace orrery
