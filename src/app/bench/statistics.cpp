#include "app/bench/statistics.h"

#include <algorithm>
#include <cmath>

namespace orrery {

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t count = values.size();
  const double median = (values[(count - 1) / 2] + values[count / 2]) / 2;
  return {median, values.front(), values.back(), static_cast<int>(count)};
}

double rounded(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10.0, 5 - std::ceil(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

}  // namespace orrery
