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

// How a clip's steps are computed.
struct StepSettings {
  StepCacheSettings cache;
  FullPrecisionSteps full_precision;
};

// Gives the velocities of a request's branches at each step, with a step cache in front of the layers or without one.
// Every rank keeps the same bits of both branches, so that the state does not depend on the grid, and decides by the
// first rank's distances, so that all ranks decide alike.
//
// With a cache the host must read a step's distances before it can queue the step, and waits until the device has done
// the step before. It waits only for the distances: behind them the device already has the velocities without layers to
// compute, which the step needs in either case, and does not idle while the host wakes up. Steps that are always
// computed need no distances, and the host does not wait.
class CachedModel {
 public:
  // `video`: the latents' shape. `model` must outlive the object.
  CachedModel(const GuidedModel& model, const StepSettings& settings, const Schedule& schedule, at::IntArrayRef video,
              at::Device device);

  // The branches' velocities at a step of the schedule, computed or extrapolated; empty for a branch that the step
  // does not take. Collective.
  std::vector<MediaLatents> velocities(const MediaLatents& latents, std::int64_t step);

  // Empty without a cache.
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

// Time steps of a stream that are given, not generated: `latents` (C, n, …) float32 stand at `steps`, n increasing
// indexes; for video these are latent frames.
struct Condition {
  std::vector<std::int64_t> steps;
  at::Tensor latents;
};

// Denoising at a step boundary: everything that the next step needs. Tensors are never changed in place, so a copy of
// this is cheap and stays as it is.
struct DenoiseState {
  MediaLatents latents;          // the given time steps in their place, once a step is done
  Streams<UniPcState> samplers;  // empty before the first step
  StepCacheState cache;
  std::uint32_t seed = 0;  // of the clip, for samplers that add noise of their own

  std::int64_t steps_done() const { return samplers.empty() ? 0 : samplers.begin()->second.step; }
};

// Called on every rank after each step, the last one too. False stops there; every rank must answer alike.
using StepObserver = std::function<bool(const DenoiseState& state)>;

// The starting noise, on `device`: numpy's legacy normals for `seed`, each stream from a fresh generator.
MediaLatents noise_for(std::uint32_t seed, const MediaShape& shape, at::Device device);

// From `start`, noise or the state of an earlier call that was stopped, to the final latents, or to where `observer`
// stops it: schedule.steps() steps are done or fewer. Collective like GuidedModel::velocity; the result is the same on
// every rank, and a stop changes no bit of what comes out in the end.
DenoiseState denoise(const GuidedModel& model, const StepSettings& settings, const Schedule& schedule,
                     DenoiseState start, const Streams<Condition>& conditions, const StepObserver& observer);

}  // namespace orrery
