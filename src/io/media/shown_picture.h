#pragma once

#include <filesystem>

#include "io/media/ffmpeg.h"
#include "io/media/frame_source.h"
#include "io/media/rgb_image.h"
#include "io/media/still.h"

namespace orrery {

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
