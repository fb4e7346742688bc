#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "models/wan/encoder.h"

// How a clip goes on from the last pixel frames of another one: they are encoded anew, as the beginning of the new clip
// (MODES.md A). Latent frames taken as they are would not do: the first latent frame of a clip stands for one pixel
// frame, every other one for four.
namespace orrery {

// How many pixel frames the latent frames up to the last one of `condition_frames` (rising) stand for.
std::int64_t pixel_frames_for(const std::vector<std::int64_t>& condition_frames);

// Frames (n, H0, W0, 3) in [-1, 1] as the encoder takes a clip of `count` frames, n <= count: (3, count, height,
// width), float32 on the CPU, fitted to the size, the last frame repeated. Throws InputError like covering_picture.
at::Tensor clip_pixels(const at::Tensor& frames, std::int64_t count, std::int64_t height, std::int64_t width);

// The last `count` frames of a video file, or all of a shorter one, as clip_pixels takes them. They are not rounded
// after resizing, unlike an image. Throws InputError that names the file.
at::Tensor clip_pixels_of_video(const std::filesystem::path& video, std::int64_t count, std::int64_t height,
                                std::int64_t width);

// The latent frames `condition_frames` of a clip of pixels (3, 4k + 1, H, W), in their order: (C, frames, h, w),
// float32 on the CPU.
at::Tensor encode_frames(const WanEncoder& encoder, const at::Tensor& pixels,
                         const std::vector<std::int64_t>& condition_frames, at::Device device);

}  // namespace orrery
