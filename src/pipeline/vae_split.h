#pragma once

#include "base/core/choice.h"

namespace orrery {

// How ranks share the decoding of a video.
enum class VaeSplit {
  Exact,  // each has a strip of the picture, and they exchange what strips see of each other: one rank's pixels
  Tiles,  // the seed system's way (wan/tiles.h): close to one rank's pixels
  None    // rank 0 decodes
};

constexpr auto choices(VaeSplit) {
  return std::array{Choice<VaeSplit>{"exact", VaeSplit::Exact}, Choice<VaeSplit>{"tiles", VaeSplit::Tiles},
                    Choice<VaeSplit>{"none", VaeSplit::None}};
}

}  // namespace orrery
