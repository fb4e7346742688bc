#pragma once

#include <cstdint>

namespace orrery {

// Precision of one pass through the layers of the media tower.
enum class Precision {
  Native,  // products and attention in 8 bits where the run asks for it
  Full,    // both in the activation dtype; 8-bit weights are converted to it
};

// The denoise steps of a clip that are computed in full precision: the first ones and the last ones, where errors
// matter most. Both counts are at least 0; the ranges may overlap.
struct FullPrecisionSteps {
  std::int64_t first = 0;
  std::int64_t last = 0;

  // The precision of step `step` (from 0) of `steps` steps. Steps whose layers a step cache skips count too.
  Precision at(std::int64_t step, std::int64_t steps) const {
    return step < first || step >= steps - last ? Precision::Full : Precision::Native;
  }
  friend bool operator==(const FullPrecisionSteps&, const FullPrecisionSteps&) = default;
};

}  // namespace orrery
