#pragma once

#include <cstdint>

namespace orrery {

// What one pass through the layers of the media tower computes in.
enum class Precision {
  Native,  // products and attention in 8 bits, where the run asks for them
  Full,  // both in the activation dtype, whatever the run asks for; weights that are kept in 8 bits are multiplied out
};

// The denoise steps of a clip that are computed in full precision: the first ones and the last ones, where errors weigh
// most. Counts of at least 0; they may overlap.
struct FullPrecisionSteps {
  std::int64_t first = 0;
  std::int64_t last = 0;

  // Of step `step`, from 0, of a clip of `steps` steps. Steps are counted whether or not a step cache leaves their
  // layers out.
  Precision at(std::int64_t step, std::int64_t steps) const {
    return step < first || step >= steps - last ? Precision::Full : Precision::Native;
  }
  friend bool operator==(const FullPrecisionSteps&, const FullPrecisionSteps&) = default;
};

}  // namespace orrery
