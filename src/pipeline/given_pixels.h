#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "models/wan/encoder.h"

namespace orrery {

// The pixel frames that a clip is conditioned on, a few at a time: memory does not grow with their number.

// Gives the next `count` pixel frames as the encoder takes them: (3, count, height, width) in [-1, 1], float32 on the
// CPU. It never ends: behind the last frame that there is, that one is repeated (MODES.md A). Throws InputError that
// names the file.
using PixelFrames = std::function<at::Tensor(std::int64_t count)>;

// A video from its first frame on, fitted to height × width. Its frames are not rounded after resizing; a picture is a
// video of one frame, and is rounded as a condition image is. Decodes no more frames than are asked for.
PixelFrames first_frames_of(const std::filesystem::path& video, std::int64_t height, std::int64_t width);

// The last `count` frames of a video, or all of a shorter one, fitted likewise and not rounded. Decodes the whole file
// and holds these frames.
PixelFrames last_frames_of(const std::filesystem::path& video, std::int64_t count, std::int64_t height,
                           std::int64_t width);

// `first` for `turn` pixel frames, then `last`: two pictures as condition images, one of them standing still at a time.
PixelFrames pictures_in_turn(const std::filesystem::path& first, std::int64_t turn, const std::filesystem::path& last,
                             std::int64_t height, std::int64_t width);

// The latent frames `condition_frames` (rising) of a clip that begins with `pixels`, in their order: (C, frames, h, w),
// float32 on the CPU. Encodes up to the last one of them.
at::Tensor encode_frames(const WanEncoder& encoder, const PixelFrames& pixels,
                         const std::vector<std::int64_t>& condition_frames, at::Device device);

}  // namespace orrery
