#pragma once

#include <cstdint>
#include <vector>

#include "io/latents/latent_store.h"

namespace orrery {

// Statistics of the finite values, all 0 when there are none, and the numbers of the other values.
struct ValueStatistics {
  double min = 0;
  double max = 0;
  double mean = 0;
  double deviation = 0;  // standard deviation, of all values
  std::int64_t nan = 0;
  std::int64_t infinite = 0;
};

// One for each channel of an array [1, C, …]. Throws Error for another shape.
std::vector<ValueStatistics> channel_statistics(const FloatArray& array);

// Statistics of all values together.
ValueStatistics statistics_of(const FloatArray& array);

}  // namespace orrery
