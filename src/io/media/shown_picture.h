#pragma once

#include <filesystem>

#include "io/media/frame_source.h"
#include "io/media/rgb_image.h"
#include "io/media/still.h"

namespace orrery {

// A still picture as a viewer shows it: its colours in sRGB, transparent pixels over white, pixels square, upright.
// Throws InputError that names the file. Internal to media/.
RgbImage shown_still(Still still, const std::filesystem::path& path);

// A decoded frame of `source` as a player shows it. Throws InputError, without a file's name. Internal to media/.
RgbImage shown_frame(const AVFrame& frame, const FrameSource& source, RgbConverter& converter);

}  // namespace orrery
