#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <vector>

#include "models/nn/precision.h"
#include "models/sampler/fixed_step.h"
#include "models/sampler/schedule.h"
#include "models/sampler/step_cache.h"
#include "pipeline/guidance.h"

namespace orrery {

// Settings of how a clip's steps are computed.
struct StepSettings {
  StepCacheSettings cache;
  FullPrecisionSteps full_precision;
};

// Computes the velocities of a request's branches in each step, with or without a step cache. Every rank keeps the same
// bits for both branches, so that the state does not depend on the grid, and decides by the first rank's distances, so
// that all ranks decide alike.
//
// With a cache, the host must read a step's distances before it can queue the step, so it waits until the device has
// done the previous step. It waits only for the distances: the velocities without layers, which the step always needs,
// are queued behind them, so that the device does not idle while the host wakes up. For steps that are always computed,
// the host does not wait.
class CachedModel {
 public:
  // `video` is the latents' shape (C, t, h, w). `model` must outlive the object.
  CachedModel(const GuidedModel& model, const StepSettings& settings, const Schedule& schedule, at::IntArrayRef video,
              at::Device device);

  // The velocity of each branch in a step of the schedule, computed or extrapolated; empty for a branch that is not
  // part of the step. Collective.
  std::vector<MediaLatents> velocities(const MediaLatents& latents, std::int64_t step);

  // The cache's state; without branches if there is no cache.
  StepCacheState state() const { return cache_ ? cache_->state() : StepCacheState{}; }
  void restore(StepCacheState state);

 private:
  std::vector<MediaLatents> cached(const MediaLatents& latents, std::int64_t step, const BranchFlags& called);
  double timestep(std::int64_t step) const { return timesteps_[static_cast<std::size_t>(step)]; }
  Precision precision(std::int64_t step) const { return full_precision_.at(step, std::ssize(timesteps_)); }

  const GuidedModel* model_;
  std::vector<double> timesteps_;
  FullPrecisionSteps full_precision_;
  std::optional<StepCache> cache_;
};

// The given (not generated) time steps of a stream: `latents` (C, n, …) float32 at the n increasing indexes `steps`.
// Time steps of video are latent frames.
struct Condition {
  std::vector<std::int64_t> steps;
  at::Tensor latents;
};

// The state of denoising at a step boundary: everything that the next step needs. Tensors are never changed in place,
// so copies are cheap and stay unchanged.
struct DenoiseState {
  MediaLatents latents;          // after the first step, with the given time steps restored
  Streams<UniPcState> samplers;  // empty before the first step
  StepCacheState cache;
  std::uint32_t seed = 0;  // the clip's seed, for samplers that add noise

  std::int64_t steps_done() const { return samplers.empty() ? 0 : samplers.begin()->second.step; }
};

// Called on every rank after each step, including the last. Returning false stops there; all ranks must return the
// same.
using StepObserver = std::function<bool(const DenoiseState& state)>;

// The initial noise, on `device`: normal deviates of numpy's legacy generator for `seed`, restarted for each stream.
MediaLatents noise_for(std::uint32_t seed, const MediaShape& shape, at::Device device);

// Denoises from `start`, noise or the state of an earlier call that was stopped, to the final latents or until
// `observer` stops it. Stopping and resuming does not change a bit of the final latents. All ranks get the same result.
// Collective like GuidedModel::velocity().
DenoiseState denoise(const GuidedModel& model, const StepSettings& settings, const Schedule& schedule,
                     DenoiseState start, const Streams<Condition>& conditions, const StepObserver& observer);

}  // namespace orrery
