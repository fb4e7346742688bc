#pragma once

#include <ATen/ATen.h>

namespace orrery {

// The VAE's outermost layers see 2 × 2 pixels as one position; channel = (colour · 2 + column) · 2 + row.

// (3, T, H, W) -> (1, 12, T, H/2, W/2); H and W even.
at::Tensor pixels_to_channels(const at::Tensor& pixels);
// (1, 12, T, H, W) -> (3, T, 2H, 2W).
at::Tensor channels_to_pixels(const at::Tensor& x);

}  // namespace orrery
