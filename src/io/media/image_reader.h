#pragma once

#include <filesystem>
#include <string>

#include "io/media/rgb_image.h"

namespace orrery {

// Reads a picture as a viewer shows it: PNG, JPEG, WebP, TIFF, HEIC, AVIF, TGA, BMP and what else FFmpeg decodes (the
// content decides, not the name), or the first frame of an animation or a video. Orientation, colour profiles, wide
// gamuts, high dynamic range (ColourMap) and pixels that are not square are applied; transparent pixels are over white.
// 16 bits a channel are rounded to 8. YUV follows the file's tags; without them images are BT.601, videos what
// VideoReader says. Damaged comments and the like are passed over.
//
// Throws InputError, one line that names the file: missing, a folder, empty, no picture, damaged or cut short, more
// than 2^26 pixels; an animated WebP, interlaced frames, CMYK with a profile, and other pictures that would be shown
// wrong.
RgbImage read_image(const std::filesystem::path& path);

// Why read_image and VideoReader would refuse a file, as far as its beginning shows: "FILE: REASON"; "" where the
// beginning is that of an image or a video. Decodes nothing: reads the first bytes of a picture, and the header and the
// index of a video.
std::string media_problem(const std::filesystem::path& path);

}  // namespace orrery
