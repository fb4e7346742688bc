#pragma once

#include <string>
#include <string_view>

#include "io/media/rgb_image.h"

namespace orrery {

// CIE xy coordinates.
struct Chromaticity {
  double x = 0;
  double y = 0;
};

// White point and primaries; the defaults are sRGB's.
struct Chromaticities {
  Chromaticity white{0.3127, 0.3290};
  Chromaticity red{0.64, 0.33};
  Chromaticity green{0.30, 0.60};
  Chromaticity blue{0.15, 0.06};
};

// An ICC profile for RGB in which the value v means light v^gamma; empty when no such colours exist.
std::string rgb_profile(double gamma, const Chromaticities& points);

// Converts the picture from an ICC profile to sRGB, as viewers do (perceptual intent). A damaged profile, or one that
// differs from sRGB by at most 2 of 255, changes nothing. Throws InputError, without a file name, unless the profile is
// for RGB or grey.
void to_srgb(RgbImage& image, std::string_view icc);

}  // namespace orrery
