#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <variant>
#include <vector>

#include "models/sampler/schedule.h"
#include "models/sampler/unipc.h"

namespace orrery {

// The sampler of few-step (distilled) checkpoints, MODES.md C: each step predicts the clean sample and adds fresh noise
// of the next level to it. The noise of step i is drawn by numpy's legacy generator from seed + 1 + i for the whole
// sample; `seed` itself is that of the initial noise. The only state is the number of steps done.
class FixedStep {
 public:
  // `sigmas` as in Schedule: decreasing from 1 to 0. Throws Error.
  FixedStep(std::vector<float> sigmas, std::uint32_t seed);

  // Like UniPc::step(). Draws the noise while the device computes `velocity`, and does not wait for the device.
  at::Tensor step(const Velocity& velocity, const at::Tensor& sample, const GivenFrames& given = {});

  // The state, in which only `step` is set.
  UniPcState state() const { return {step_, {}, {}, {}}; }
  // Continues from `state`. Throws Error when its step is not in this sampler's range.
  void restore(const UniPcState& state);

 private:
  std::int64_t steps() const { return static_cast<std::int64_t>(sigmas_.size()) - 1; }

  std::vector<double> sigmas_;
  std::uint32_t seed_;
  std::int64_t step_ = 0;
};

// The sampler for a schedule: FixedStep if the schedule renoises, otherwise UniPc. One object for each stream of a
// clip.
class StreamSampler {
 public:
  // `seed` is that of the clip's noise.
  StreamSampler(const Schedule& schedule, std::uint32_t seed);

  at::Tensor step(const Velocity& velocity, const at::Tensor& sample, const GivenFrames& given);
  UniPcState state() const;
  void restore(UniPcState state);

 private:
  std::variant<UniPc, FixedStep> sampler_;
};

}  // namespace orrery
