#pragma once

namespace orrery {

// How ranks share the decoding of a video.
enum class VaeSplit {
  Exact,  // each has a strip of the picture, and they exchange what strips see of each other: one rank's pixels
  Tiles,  // the seed system's way (wan/tiles.h): close to one rank's pixels
  None    // rank 0 decodes
};

}  // namespace orrery
