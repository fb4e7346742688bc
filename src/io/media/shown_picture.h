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

// The orientation, 1 to 8, that an EXIF block names (a TIFF structure, with or without "Exif\0\0" before it); 1,
// upright, where it names none or is damaged.
int exif_orientation(std::string_view exif);

// FFmpeg's 3 × 3 display matrix of a frame, or else of its stream; empty when there is none.
std::span<const std::int32_t> display_matrix(const AVFrame& frame, const AVStream& stream);

// Turns and mirrors the picture as the matrix says; its scale is ignored. Without a matrix, or with a singular one,
// returns the picture as it is. Throws InputError, without a file's name, for an angle that is no multiple of 90
// degrees.
RgbImage orient(RgbImage image, std::span<const std::int32_t> matrix);

// Turns and mirrors the picture as an EXIF orientation, 1 to 8, says; for any other number returns it as it is.
RgbImage orient(RgbImage image, int exif);

// Makes the pixels square, which were `aspect` times as wide as high, by stretching the picture along one side. An
// aspect of 0 or less means square pixels. Throws InputError, without a file's name, for an aspect above 10:1 or below
// 1:10, and for a picture that becomes too large. Internal to media/.
RgbImage with_square_pixels(RgbImage image, AVRational aspect);

// A still picture as a viewer shows it: its colours in sRGB, transparent pixels over white, pixels square, upright.
// Throws InputError that names the file. Internal to media/.
RgbImage shown_still(Still still, const std::filesystem::path& path);

// A decoded frame of `source` as a player shows it. Throws InputError, without a file's name. Internal to media/.
RgbImage shown_frame(const AVFrame& frame, const FrameSource& source, RgbConverter& converter);

}  // namespace orrery
