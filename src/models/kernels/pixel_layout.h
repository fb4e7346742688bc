#pragma once

#include <ATen/ATen.h>

#include "models/kernels/pixel_launch.h"

namespace orrery {

// Whether our kernels take `x` (1, C, T, H, W): bfloat16 on a GPU, not empty, the channels of a pixel neighbours, and
// every pixel on a 16-byte boundary.
bool packed_pixels(const at::Tensor& x);

// Of a tensor for which that holds.
PixelView pixels_of(const at::Tensor& x);
PixelCount pixel_count(const at::Tensor& x);

}  // namespace orrery
