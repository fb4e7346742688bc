#include "pipeline/expected_passes.h"

#include <array>
#include <cstddef>
#include <optional>

namespace orrery {
namespace {

std::array<std::int64_t, 3> latent_size(const Request& r) { return {r.latent_frames(), r.height / 16, r.width / 16}; }

}  // namespace

std::vector<int> expected_passes(const Request& r, ScheduleKind kind) {
  std::vector<int> passes(static_cast<std::size_t>(r.steps), r.guided() ? 2 : 1);
  if (!r.step_cache.on() && !(r.guided() && r.guidance_interval)) return passes;
  const Schedule schedule = make_schedule(kind, r.steps, r.flow_shift);
  const std::optional<Guidance> guidance = r.guidance();
  std::vector<int> computed(passes.size(), 0);
  for (const std::int64_t step : expected_computed(r.step_cache, schedule, latent_size(r))) {
    const auto i = static_cast<std::size_t>(step);
    const bool both = guidance && guidance->applies(static_cast<double>(schedule.timesteps[i]));
    computed[i] = both ? 2 : 1;
  }
  return computed;
}

}  // namespace orrery
