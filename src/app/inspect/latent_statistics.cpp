#include "app/inspect/latent_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "base/core/error.h"

namespace orrery {
namespace {

ValueStatistics statistics_of_values(std::span<const float> values) {
  ValueStatistics found;
  found.min = std::numeric_limits<double>::infinity();
  found.max = -found.min;
  double sum = 0;
  double squares = 0;
  std::int64_t count = 0;
  for (const double value : values) {
    if (std::isnan(value)) ++found.nan;
    if (std::isinf(value)) ++found.infinite;
    if (!std::isfinite(value)) continue;
    found.min = std::min(found.min, value);
    found.max = std::max(found.max, value);
    sum += value;
    squares += value * value;
    ++count;
  }
  if (count == 0) return {0, 0, 0, 0, found.nan, found.infinite};
  found.mean = sum / static_cast<double>(count);
  found.deviation = std::sqrt(std::max(0.0, squares / static_cast<double>(count) - found.mean * found.mean));
  return found;
}

}  // namespace

std::vector<ValueStatistics> channel_statistics(const FloatArray& array) {
  require(array.shape.size() >= 2 && array.shape[0] == 1 && array.shape[1] > 0,
          "an array of shape " + shape_text(array.shape) + " has no channels, expected [1, C, …]");
  const auto channels = static_cast<std::size_t>(array.shape[1]);
  const std::size_t size = array.values.size() / channels;
  std::vector<ValueStatistics> all;
  for (std::size_t c = 0; c < channels; ++c) {
    all.push_back(statistics_of_values(std::span(array.values).subspan(c * size, size)));
  }
  return all;
}

ValueStatistics statistics_of(const FloatArray& array) { return statistics_of_values(array.values); }

}  // namespace orrery
