#pragma once

#include <optional>

namespace orrery {

// An open interval of timesteps [thousandths].
struct GuidanceInterval {
  double low = 0;
  double high = 1000;
  // Excludes both ends, like NVIDIA's code (MODES.md E).
  bool contains(double timestep) const { return low < timestep && timestep < high; }
  friend bool operator==(const GuidanceInterval&, const GuidanceInterval&) = default;
};

// Classifier-free guidance: the velocity is uncond + scale · (cond - uncond).
struct Guidance {
  double scale = 1;
  std::optional<GuidanceInterval> interval{};  // steps outside use cond only; none: all steps are guided
  bool normalize = false;                      // scale the velocity down to cond's norm if it is longer

  bool applies(double timestep) const { return !interval || interval->contains(timestep); }
};

}  // namespace orrery
