#pragma once

#include "io/latents/latent_store.h"
#include "io/media/rgb_image.h"

namespace orrery {

// Shows video latents (1, C, t, h, w) as one false-colour picture, without a model: the first three principal
// components of the channels, over all positions, become red, green and blue, each stretched between its 1st and 99th
// percentile. Latent frames are arranged in rows, in order, and each cell is a square of pixels. Values that are not
// finite are black. The same latents give the same picture. Throws InputError when a side would exceed 16384 pixels.
RgbImage latent_sheet(const FloatArray& video);

}  // namespace orrery
