#include "models/sampler/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "base/core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kTrainSteps = 1000;

// `count` + 1 values from `first` to `last`, without the last. The sigmas' bits hang on this order of operations.
std::vector<double> evenly_spaced(double first, double last, std::int64_t count) {
  const double step = (last - first) / static_cast<double>(count);
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<double>(i) * step + first);
  return values;
}

std::vector<double> shifted(std::vector<double> values, double shift) {
  for (double& x : values) x = shift * x / (1 + (shift - 1) * x);
  return values;
}

std::vector<double> native(std::int64_t steps, double shift) {
  return shifted(evenly_spaced(double{0.999F}, 0, steps), shift);
}

std::vector<double> double_shift(std::int64_t steps, double shift) {
  const double highest = shifted({1 - 1.0 / kTrainSteps}, shift).front();
  return shifted(evenly_spaced(highest, 0, steps), shift);
}

// Karras et al. 2022, equation 5, with rho 7; then from the variance-exploding sigma to the flow's.
std::vector<double> karras(std::int64_t steps) {
  const double rho = 7;
  const double first = std::pow(200.0, 1 / rho);
  const double last = std::pow(0.147, 1 / rho);
  std::vector<double> sigmas{0};
  if (steps > 1) sigmas = evenly_spaced(0, 1, steps - 1);
  if (steps > 1) sigmas.push_back(1);
  for (double& ramp : sigmas) {
    const double sigma = std::pow(first + ramp * (last - first), rho);
    ramp = sigma / (sigma + 1);
  }
  return sigmas;
}

std::vector<double> sigmas_of(ScheduleKind kind, std::int64_t steps, double flow_shift) {
  switch (kind) {
    case ScheduleKind::Native:
      return native(steps, flow_shift);
    case ScheduleKind::DoubleShift:
      return double_shift(steps, flow_shift);
    case ScheduleKind::Karras:
      return karras(steps);
  }
  throw Error("unknown schedule");
}

}  // namespace

Schedule make_schedule(ScheduleKind kind, std::int64_t steps, double flow_shift) {
  require(steps >= 1, fmt::format("a schedule needs at least 1 step, not {}", steps));
  require(flow_shift > 0, fmt::format("flow_shift must be positive, not {:f}", flow_shift));
  Schedule schedule;
  for (const double sigma : sigmas_of(kind, steps, flow_shift)) {
    schedule.sigmas.push_back(static_cast<float>(sigma));
    schedule.timesteps.push_back(static_cast<std::int64_t>(sigma * kTrainSteps));
  }
  schedule.sigmas.push_back(0);
  return schedule;
}

bool falls(const std::vector<double>& sigmas) {
  const bool falling = std::adjacent_find(sigmas.begin(), sigmas.end(), std::less_equal<>()) == sigmas.end();
  return sigmas.size() >= 2 && falling && sigmas.front() < 1 && sigmas.back() == 0;
}

bool schedule_falls(ScheduleKind kind, std::int64_t steps, double flow_shift) {
  const std::vector<float> sigmas = make_schedule(kind, steps, flow_shift).sigmas;
  return falls({sigmas.begin(), sigmas.end()});
}

}  // namespace orrery
