#include "app/bench/timer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/core/pulse.h"
#include "base/core/stopwatch.h"
#include "base/device/device_memory.h"

namespace orrery {
namespace {

constexpr double kLongMs = 1000;  // warm after one run
constexpr double kSampleMs = 5;   // shorter ones would time the launch
constexpr int kMostInSample = 100;

}  // namespace

double Timer::once(const std::function<void()>& work, int count) const {
  clock_.wait();
  world_->barrier();
  const DeviceClock::Mark begin = clock_.mark();
  for (int i = 0; i < count; ++i) {
    work();
    beat();
  }
  const DeviceClock::Mark end = clock_.mark();
  clock_.wait();
  return largest(begin.ms_until(end));
}

double Timer::host_ms(const std::function<void()>& work) const {
  clock_.wait();
  world_->barrier();
  const Stopwatch watch;
  work();
  const double ms = 1000 * watch.seconds();
  clock_.wait();
  return largest(ms);
}

std::optional<std::int64_t> Timer::largest_memory() const {
  const std::optional<std::int64_t> bytes = peak_memory(clock_.device());
  if (!bytes) return std::nullopt;
  return static_cast<std::int64_t>(largest(static_cast<double>(*bytes)));
}

Spread Timer::measure(const std::function<void()>& work, double budget_seconds) const {
  double estimate = once(work);
  if (estimate < kLongMs) estimate = once(work);
  estimate = std::max(estimate, 1e-3);
  const int inner = std::clamp(static_cast<int>(std::ceil(kSampleMs / estimate)), 1, kMostInSample);
  const int affordable = static_cast<int>(std::min(budget_seconds * 1000 / (estimate * inner), 20.0));
  const int runs = repeats_ > 0 ? repeats_ : std::clamp(affordable, 3, 20);
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) times.push_back(once(work, inner) / inner);
  return spread_of(std::move(times));
}

}  // namespace orrery
