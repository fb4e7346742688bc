#pragma once

#include <cstdint>
#include <span>

#include "io/media/ffmpeg.h"
#include "io/media/rgb_image.h"

namespace orrery {

// FFmpeg's 3 × 3 display matrix of a frame, or else of its stream; empty when there is none.
std::span<const std::int32_t> display_matrix(const AVFrame& frame, const AVStream& stream);

// Turns and mirrors the picture as the matrix says, whose scale is not looked at. No matrix, or one that shows nothing:
// the picture as it is. Throws InputError, without a file's name, for one that is no multiple of a quarter turn.
RgbImage orient(RgbImage image, std::span<const std::int32_t> matrix);

// Turns and mirrors the picture as an EXIF orientation, 1 to 8, says; any other: the picture as it is.
RgbImage orient(RgbImage image, int exif);

}  // namespace orrery
