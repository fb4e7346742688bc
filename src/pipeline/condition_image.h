#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace orrery {

// An image as the encoder takes it (MODEL.md §8): resized to cover height × width, with the triangle filter widened
// where it shrinks, cut to the middle, rounded to 8-bit values and mapped to [-1, 1].
//
// `rgb` is (H0, W0, 3) uint8, any size from 1 × 1; the result (3, 1, height, width) float32 on the CPU. Throws
// InputError, without a file's name, for an image so long and thin that covering takes more than 2^28 pixels. Takes
// memory for the image and the result alone.
at::Tensor condition_pixels(const at::Tensor& rgb, std::int64_t height, std::int64_t width);

}  // namespace orrery
