#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace orrery {

// The code points (ITU-T H.273, as FFmpeg has them) by which a picture names its colours.
struct ColourTags {
  int primaries = 2;  // 2: unspecified
  int transfer = 2;
};

// A still picture's file taken apart: what a decoder needs, and what says how its pixels are shown. Blocks beside
// these, and damaged ones, are left out, so that a damaged comment is not a damaged picture. Internal to media/.
struct StillParts {
  std::string picture;               // a file of the same format
  std::string exif;                  // empty: none
  std::string icc;                   // colour profile; empty: sRGB
  std::optional<ColourTags> colour;  // goes before the profile
  bool animated = false;
  bool opaque = false;  // the format says that what looks like alpha is none
};

// Each takes a whole file of its format. Throws InputError, without a file's name, for a file cut short or a damaged
// block that the picture needs.
StillParts jpeg_parts(std::string_view file);
StillParts png_parts(std::string_view file);
StillParts webp_parts(std::string_view file);

}  // namespace orrery
