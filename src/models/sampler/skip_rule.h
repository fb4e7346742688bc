#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/sampler/schedule.h"

namespace orrery {

// When a step cache skips a model's layers (step_cache.h).
struct StepCacheSettings {
  double threshold = 0;    // limit of the latents' relative change between computed steps; 0: no cache
  std::int64_t skips = 2;  // maximum number of consecutive skipped steps; 0: no limit
  // Order of the polynomial that extrapolates the layers' contribution. The references use 1; 0, the last contribution,
  // came nearer to the full result with fewer computed steps (tools/results).
  std::int64_t order = 0;

  bool on() const { return threshold > 0; }
  friend bool operator==(const StepCacheSettings&, const StepCacheSettings&) = default;
};

// The steps that one branch has skipped since its layers were last computed.
struct Skips {
  double change = 0;       // sum of the latents' distances in these steps
  std::int64_t steps = 0;  // number of consecutive skipped steps
};

// Decides whether the layers of one branch are computed in a step (MODES.md E).
class SkipRule {
 public:
  SkipRule(const StepCacheSettings& settings, std::int64_t steps) : settings_(settings), steps_(steps) {}

  // Whether the layers are computed at `step` whatever the distance: in the first and last steps, and when the limit of
  // skipped steps is reached.
  bool is_forced(std::int64_t step, const Skips& skips) const;
  // Whether the layers are computed in a step that is not forced. `distance` is the latents' distance from the branch's
  // last step; adds it to `skips`.
  bool computes(double distance, Skips& skips) const;
  // Updates `skips` after a step.
  static void note(bool computed, Skips& skips);

 private:
  StepCacheSettings settings_;
  std::int64_t steps_;
};

// An estimate of the steps that are computed for a clip with latents of `size` (t, h, w). It assumes data whose
// amplitudes fall with the frequency, as those of pictures do, on a straight path from noise. All steps without a
// cache.
std::vector<std::int64_t> expected_computed(const StepCacheSettings& settings, const Schedule& schedule,
                                            const std::array<std::int64_t, 3>& size);

}  // namespace orrery
