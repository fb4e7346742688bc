#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace orrery {

// Resizes a picture to cover height × width, by a triangle filter that is widened for reduction, and crops it to the
// centre (MODEL.md §8). `picture`: (H0, W0, 3), uint8 or float32, any range of values, any size from 1 × 1; result: (3,
// height, width) float32 on the CPU. A picture of that size keeps its values. Throws InputError, without a file name,
// for a picture so long and thin that covering takes more than 2^28 pixels. Needs memory only for the picture and the
// result.
at::Tensor covering_picture(const at::Tensor& picture, std::int64_t height, std::int64_t width);

// Prepares an image for the encoder: covering_picture(), rounded to 8-bit values and mapped to [-1, 1].
//
// `rgb`: (H0, W0, 3) uint8; result: (3, 1, height, width) float32 on the CPU. Throws InputError like
// covering_picture().
at::Tensor condition_pixels(const at::Tensor& rgb, std::int64_t height, std::int64_t width);

// Prepares a frame of a video for the encoder: like condition_pixels(), but not rounded (MODES.md A).
at::Tensor frame_pixels(const at::Tensor& rgb, std::int64_t height, std::int64_t width);

}  // namespace orrery
