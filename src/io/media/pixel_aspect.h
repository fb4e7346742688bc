#pragma once

#include "io/media/ffmpeg.h"
#include "io/media/rgb_image.h"

namespace orrery {

// Makes the pixels square, each of which was `aspect` times as wide as high, by stretching the picture along one side.
// No aspect (0 or less): they are square. Internal to media/.
//
// Throws InputError, without a file's name, for pixels more than 10 times as long as they are thin, and for a picture
// that becomes too large.
RgbImage with_square_pixels(RgbImage image, AVRational aspect);

}  // namespace orrery
