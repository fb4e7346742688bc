#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "io/media/ffmpeg.h"
#include "io/media/frame_source.h"
#include "io/media/rgb_image.h"
#include "io/media/still.h"

namespace orrery {

// The orientation (1 to 8) in an EXIF block, a TIFF structure with or without "Exif\0\0" before it. Returns 1 (upright)
// when the block has none or is damaged.
int exif_orientation(std::string_view exif);

// FFmpeg's 3 × 3 display matrix of a frame, or else of its stream; empty when there is none.
std::span<const std::int32_t> display_matrix(const AVFrame& frame, const AVStream& stream);

// Rotates and mirrors the picture as the matrix says; its scale is ignored. Without a matrix, or with a singular one,
// returns the picture unchanged. Throws InputError, without a file name, unless the angle is a multiple of 90 degrees.
RgbImage orient(RgbImage image, std::span<const std::int32_t> matrix);

// Rotates and mirrors the picture as an EXIF orientation (1 to 8) says; returns it unchanged for any other number.
RgbImage orient(RgbImage image, int exif);

// Stretches the picture along one side to make its pixels square. `aspect` is pixel width / pixel height; 0 or less
// means square. Throws InputError, without a file name, for an aspect above 10:1 or below 1:10, and when the picture
// becomes too large. Internal to media/.
RgbImage with_square_pixels(RgbImage image, AVRational aspect);

// Converts a still picture to what a viewer shows: sRGB, transparent pixels over white, square pixels, upright. Throws
// InputError that names the file. Internal to media/.
RgbImage shown_still(Still still, const std::filesystem::path& path);

// Converts a decoded frame of `source` to what a player shows. Throws InputError, without a file name. Internal to
// media/.
RgbImage shown_frame(const AVFrame& frame, const FrameSource& source, RgbConverter& converter);

}  // namespace orrery
