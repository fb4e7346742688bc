#include "media/fraction.h"

#include <cmath>
#include <optional>
#include <string>

#include "core/error.h"

namespace orrery {
namespace {

constexpr double kExact = 1e-6;
// "29.97" is 3e-5 from 30000/1001, "59.94" 6e-5 from 60000/1001.
constexpr double kSpelling = 1e-4;

std::optional<Fraction> broadcast_rate(double fps) {
  const double nominal = std::round(fps * 1.001);
  if (std::abs(fps - std::round(fps)) <= kExact || std::abs(fps - nominal / 1.001) > kSpelling) return std::nullopt;
  return Fraction{static_cast<int>(nominal) * 1000, 1001};
}

// Continued fraction: a convergent with denominator q is off by less than 1/q², so that q never passes 1000 by much.
Fraction simplest(double fps) {
  Fraction before{1, 0};
  Fraction now{static_cast<int>(fps), 1};
  double rest = fps - std::floor(fps);
  while (std::abs(fps - static_cast<double>(now.numerator) / now.denominator) > kExact) {
    const double inverse = 1 / rest;
    const int term = static_cast<int>(inverse);
    rest = inverse - term;
    const Fraction next{term * now.numerator + before.numerator, term * now.denominator + before.denominator};
    before = now;
    now = next;
  }
  return now;
}

}  // namespace

Fraction fps_fraction(double fps) {
  require_input(fps > 0.001 && fps <= 1000,
                "fps is " + std::to_string(fps) + ", expected more than 0.001, at most 1000");
  return broadcast_rate(fps).value_or(simplest(fps));
}

}  // namespace orrery
