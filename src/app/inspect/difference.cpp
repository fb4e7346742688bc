#include "app/inspect/difference.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

bool Difference::add(double expected, double found) {
  const bool same = expected == found || (std::isnan(expected) && std::isnan(found));
  const double distance = same ? 0 : std::abs(expected - found);
  const double difference = std::isfinite(distance) ? distance : kInfinity;
  max_abs_ = std::max(max_abs_, difference);
  squares_ += difference * difference;
  if (std::isfinite(expected)) {
    expected_squares_ += expected * expected;
    min_ = count_ == 0 ? expected : std::min(min_, expected);
    max_ = count_ == 0 ? expected : std::max(max_, expected);
  }
  ++count_;
  return same;
}

double Difference::mean_square() const { return count_ == 0 ? 0 : squares_ / static_cast<double>(count_); }

double Difference::relative_rms() const {
  if (squares_ == 0) return 0;
  return expected_squares_ == 0 ? kInfinity : std::sqrt(squares_ / expected_squares_);
}

double Difference::psnr(double peak) const {
  return squares_ == 0 ? kInfinity : 10 * std::log10(peak * peak / mean_square());
}

}  // namespace orrery
