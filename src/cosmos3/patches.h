#pragma once

#include <ATen/ATen.h>

#include "cosmos3/positions.h"

namespace orrery {

// Token grid of a latent (C, t, h, w) cut into 2×2 patches; odd heights and widths are padded.
VideoGrid patch_grid(at::IntArrayRef latent_shape);

// (C, t, h, w) → (tokens, 4 · C): token order (t, row, column), inside a token (row, column, channel), channel fastest.
at::Tensor patchify(const at::Tensor& latent);

// The inverse, without the padding. `latent_shape`: (C, t, h, w).
at::Tensor unpatchify(const at::Tensor& tokens, at::IntArrayRef latent_shape);

}  // namespace orrery
