#include "io/media/video_format.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>

#include "base/core/error.h"

namespace orrery {
namespace {

constexpr double kExact = 1e-6;
// "29.97" is 3e-5 from 30000/1001, "119.88" 1.2e-4 from 120000/1001.
constexpr double kSpelling = 2e-4;

std::optional<Fraction> broadcast_rate(double fps) {
  const double nominal = std::round(fps * 1.001);
  if (std::abs(fps - std::round(fps)) <= kExact || std::abs(fps - nominal / 1.001) > kSpelling) return std::nullopt;
  return Fraction{static_cast<int>(nominal) * 1000, 1001};
}

// The loop ends, since the nearest fraction with denominator q is at most 1 / 2q away.
Fraction simplest(double fps) {
  for (int denominator = 1; true; ++denominator) {
    const double numerator = std::round(fps * denominator);
    if (std::abs(fps - numerator / denominator) <= kExact) return {static_cast<int>(numerator), denominator};
  }
}

}  // namespace

Fraction fps_fraction(double fps) {
  require_input(fps > 0.001 && fps <= 1000, fmt::format("fps is {:f}, expected more than 0.001, at most 1000", fps));
  const std::optional<Fraction> broadcast = broadcast_rate(fps);
  return broadcast ? *broadcast : simplest(fps);
}

}  // namespace orrery
