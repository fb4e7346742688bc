#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace orrery {

// A picture resized to cover height × width, with the triangle filter widened where it shrinks, and cut to the middle
// (MODEL.md §8). `picture` is (H0, W0, 3), uint8 or float32, of values in any range and any size from 1 × 1; the result
// (3, height, width) float32 on the CPU. A picture of that size keeps its values. Throws InputError, without a file's
// name, for one so long and thin that covering takes more than 2^28 pixels. Takes memory for the picture and the result
// alone.
at::Tensor covering_picture(const at::Tensor& picture, std::int64_t height, std::int64_t width);

// An image as the encoder takes it: resized as above, rounded to 8-bit values and mapped to [-1, 1].
//
// `rgb` is (H0, W0, 3) uint8; the result (3, 1, height, width) float32 on the CPU. Throws InputError as above.
at::Tensor condition_pixels(const at::Tensor& rgb, std::int64_t height, std::int64_t width);

// A frame of a video as the encoder takes it: like an image, but not rounded (MODES.md A).
at::Tensor frame_pixels(const at::Tensor& rgb, std::int64_t height, std::int64_t width);

}  // namespace orrery
