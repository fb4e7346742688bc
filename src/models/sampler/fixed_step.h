#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <variant>
#include <vector>

#include "models/sampler/schedule.h"
#include "models/sampler/unipc.h"

namespace orrery {

// The sampler of few-step (distilled) checkpoints, MODES.md C: each step predicts the clean sample and takes it to the
// next level with fresh noise. That of step i is what numpy's legacy generator draws for seed + 1 + i over the whole
// sample; seed itself has drawn the starting noise. Nothing but the number of steps is remembered.
class FixedStep {
 public:
  // `sigmas` as in Schedule: from 1 on falling, the last 0. Throws Error.
  FixedStep(std::vector<float> sigmas, std::uint32_t seed);

  // As UniPc::step(). The noise is drawn while the device computes `velocity`; nothing waits for the device.
  at::Tensor step(const Velocity& velocity, const at::Tensor& sample, const GivenFrames& given = {});

  // Only `step` is defined in it.
  UniPcState state() const { return {step_, {}, {}, {}}; }
  // Throws Error when the step is not one of this sampler's.
  void restore(const UniPcState& state);

 private:
  std::int64_t steps() const { return static_cast<std::int64_t>(sigmas_.size()) - 1; }

  std::vector<double> sigmas_;
  std::uint32_t seed_;
  std::int64_t step_ = 0;
};

// The sampler that a schedule is for: FixedStep where it renoises, otherwise UniPc. One object for each stream of a
// clip.
class StreamSampler {
 public:
  // `seed`: of the clip's noise.
  StreamSampler(const Schedule& schedule, std::uint32_t seed);

  at::Tensor step(const Velocity& velocity, const at::Tensor& sample, const GivenFrames& given);
  UniPcState state() const;
  void restore(UniPcState state);

 private:
  std::variant<UniPc, FixedStep> sampler_;
};

}  // namespace orrery
