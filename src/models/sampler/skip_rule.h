#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/sampler/schedule.h"

namespace orrery {

// When a step cache leaves out a model's layers (step_cache.h).
struct StepCacheSettings {
  double threshold = 0;    // of the latents' relative change since the layers were last computed; 0: no cache
  std::int64_t skips = 2;  // steps without the layers in a row, at most; 0: no limit
  // Of the polynomial that stands for what the layers would add. The references have 1; 0, what they added last, came
  // nearer to the full result in fewer computed steps (tools/results).
  std::int64_t order = 0;

  bool on() const { return threshold > 0; }
  friend bool operator==(const StepCacheSettings&, const StepCacheSettings&) = default;
};

// What one branch has skipped since its layers were last computed.
struct Skips {
  double change = 0;       // of the latents: the sum of the steps' distances
  std::int64_t steps = 0;  // in a row
};

// Whether the layers of one branch are computed in a step (MODES.md E).
class SkipRule {
 public:
  SkipRule(const StepCacheSettings& settings, std::int64_t steps) : settings_(settings), steps_(steps) {}

  // Whether they are computed at `step` whatever the distance: in the first step and the last one, and at the limit.
  bool is_forced(std::int64_t step, const Skips& skips) const;
  // Of a step that is not forced, `distance` away from the branch's last one; adds it to `skips`.
  bool computes(double distance, Skips& skips) const;
  // What to go on with behind the step.
  static void note(bool computed, Skips& skips);

 private:
  StepCacheSettings settings_;
  std::int64_t steps_;
};

// The steps that are probably computed of a clip whose latents have `size` (t, h, w): those of data whose amplitudes
// fall with the frequency, as those of pictures do, on a straight path from noise. Every step without a cache.
std::vector<std::int64_t> expected_computed(const StepCacheSettings& settings, const Schedule& schedule,
                                            const std::array<std::int64_t, 3>& size);

}  // namespace orrery
