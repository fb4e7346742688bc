#include "models/sampler/noise.h"

#include <cmath>

namespace orrery {

// A number in [0, 1) with 53 bits, from two draws.
double NumpyNormal::uniform() {
  const std::uint32_t high = static_cast<std::uint32_t>(bits_()) >> 5;
  const std::uint32_t low = static_cast<std::uint32_t>(bits_()) >> 6;
  return (high * 0x1p26 + low) / 0x1p53;
}

double NumpyNormal::operator()() {
  if (kept_) {
    const double value = *kept_;
    kept_.reset();
    return value;
  }
  double x = 0;
  double y = 0;
  double square = 0;
  do {
    x = 2 * uniform() - 1;
    y = 2 * uniform() - 1;
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  const double scale = std::sqrt(-2 * std::log(square) / square);
  kept_ = scale * x;
  return scale * y;
}

std::vector<float> numpy_normal(std::uint32_t seed, std::int64_t count) {
  NumpyNormal normal(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(normal());
  return values;
}

}  // namespace orrery
