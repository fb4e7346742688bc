#pragma once

#include <cstdint>
#include <vector>

namespace orrery {

// A picture of 8-bit full-range RGB, rows from the top.
struct RgbImage {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;  // height × width × 3
  friend bool operator==(const RgbImage&, const RgbImage&) = default;
};

}  // namespace orrery
