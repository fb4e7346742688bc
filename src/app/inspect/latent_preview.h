#pragma once

#include "io/latents/latent_store.h"
#include "io/media/rgb_image.h"

namespace orrery {

// Video latents (1, C, t, h, w) as one false-colour picture, without any model: the channels' three main directions of
// variance (principal components over all places) become red, green and blue, each stretched between its 1st and 99th
// percentile. The latent frames lie in rows, in order, each cell a square of pixels. What is not finite is black. The
// same latents give the same picture. Throws InputError for a sheet of more than 16384 pixels a side.
RgbImage latent_sheet(const FloatArray& video);

}  // namespace orrery
