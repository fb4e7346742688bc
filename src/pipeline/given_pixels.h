#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "models/wan/encoder.h"

namespace orrery {

// The pixel frames that a clip is conditioned on, a few at a time, so that memory does not grow with their number.

// Returns the next `count` pixel frames for the encoder: (3, count, height, width) in [-1, 1], float32 on the CPU. It
// never ends: the last frame is repeated (MODES.md A). Throws InputError that names the file.
using PixelFrames = std::function<at::Tensor(std::int64_t count)>;

// The frames of a video from the first one on, fitted to height × width. They are not rounded after resizing, but a
// picture, a video of one frame, is rounded like a condition image. Decodes only as many frames as are requested.
PixelFrames first_frames_of(const std::filesystem::path& video, std::int64_t height, std::int64_t width);

// The last `count` frames of a video, or all of a shorter one, fitted to height × width and not rounded. Decodes the
// whole file and keeps these frames in memory.
PixelFrames last_frames_of(const std::filesystem::path& video, std::int64_t count, std::int64_t height,
                           std::int64_t width);

// The picture `first` for `turn` pixel frames, then the picture `last`, both prepared like condition images.
PixelFrames pictures_in_turn(const std::filesystem::path& first, std::int64_t turn, const std::filesystem::path& last,
                             std::int64_t height, std::int64_t width);

// Encodes `pixels` as the beginning of a clip and returns its latent frames `condition_frames` (increasing): (C,
// frames, h, w), float32 on the CPU. Encodes no further than the last one of them.
at::Tensor encode_frames(const WanEncoder& encoder, const PixelFrames& pixels,
                         const std::vector<std::int64_t>& condition_frames, at::Device device);

}  // namespace orrery
