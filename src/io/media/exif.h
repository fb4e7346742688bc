#pragma once

#include <string_view>

namespace orrery {

// The orientation, 1 to 8, that an EXIF block names (a TIFF structure, with or without "Exif\0\0" before it); 1,
// upright, where it names none or is damaged.
int exif_orientation(std::string_view exif);

}  // namespace orrery
