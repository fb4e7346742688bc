#pragma once

#include <optional>

namespace orrery {

// Timesteps, in thousandths.
struct GuidanceInterval {
  double low = 0;
  double high = 1000;
  // As NVIDIA's code has it, neither end is part of it (MODES.md E).
  bool contains(double timestep) const { return low < timestep && timestep < high; }
  friend bool operator==(const GuidanceInterval&, const GuidanceInterval&) = default;
};

// Classifier-free guidance: the velocity is uncond + scale · (cond - uncond).
struct Guidance {
  double scale = 1;
  std::optional<GuidanceInterval> interval{};  // the steps outside take cond alone; none: no step does
  bool normalize = false;                      // the velocity is shortened to the length of cond, where it is longer

  bool applies(double timestep) const { return !interval || interval->contains(timestep); }
};

}  // namespace orrery
