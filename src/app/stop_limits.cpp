#include "app/stop_limits.h"

#include <cstdlib>

#include "app/numbers.h"

namespace orrery {
namespace {

using Clock = std::chrono::system_clock;

// None outside Slurm, and for jobs without a limit in versions that do not say.
std::optional<Clock::time_point> end_of_slurm_job() {
  const char* text = std::getenv("SLURM_JOB_END_TIME");
  const std::optional<std::int64_t> seconds = text == nullptr ? std::nullopt : parse_integer(text);
  constexpr std::int64_t kLatest = std::int64_t{1} << 33;  // what is later is no limit
  if (!seconds || *seconds <= 0 || *seconds > kLatest) return std::nullopt;
  return Clock::time_point(std::chrono::seconds(*seconds));
}

}  // namespace

StopLimits stop_limits(const Options& options) {
  StopLimits limits;
  limits.steps = options.stop_after_steps;
  limits.moment = end_of_slurm_job();
  if (options.time_limit) {
    const Clock::time_point end = Clock::now() + *options.time_limit;
    if (!limits.moment || end < *limits.moment) limits.moment = end;
  }
  return limits;
}

}  // namespace orrery
