#pragma once

#include <filesystem>

#include "media/rgb_image.h"

namespace orrery {

// Reads any image that FFmpeg decodes (PNG, JPEG, WebP, BMP, TIFF, …; the content decides, not the name), or the first
// frame of an animation or a video. EXIF orientations of JPEG and the rotation of videos are applied. Alpha is dropped:
// transparent pixels keep the colour that they have in the file. 16 bits a channel are rounded to 8. YUV follows the
// file's tags; without them images are BT.601, videos what VideoReader says.
//
// Throws InputError, one line that names the file: missing, a folder, empty, no picture, damaged or cut short, more
// than 2^26 pixels.
RgbImage read_image(const std::filesystem::path& path);

}  // namespace orrery
