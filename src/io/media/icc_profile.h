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

// The ICC profile of RGB whose value v stands for light v^gamma; empty where no such colours exist.
std::string rgb_profile(double gamma, const Chromaticities& points);

// Turns the picture's colours from those of an ICC profile into sRGB, as viewers do (perceptual intent). A profile that
// is damaged, or whose colours differ from sRGB by 2 of 255 at most, changes nothing.
// Throws InputError, without a file's name, for a profile of other than RGB or grey.
void to_srgb(RgbImage& image, std::string_view icc);

}  // namespace orrery
