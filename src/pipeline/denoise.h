#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "models/sampler/schedule.h"
#include "models/sampler/step_cache.h"
#include "models/sampler/unipc.h"
#include "pipeline/guidance.h"

namespace orrery {

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

  std::int64_t steps_done() const { return samplers.empty() ? 0 : samplers.begin()->second.step; }
};

// Called on every rank after each step, the last one too. False stops there; every rank must answer alike.
using StepObserver = std::function<bool(const DenoiseState& state)>;

// The starting noise, on `device`: numpy's legacy normals for `seed`, each stream from a fresh generator.
MediaLatents noise_for(std::uint32_t seed, const MediaShape& shape, at::Device device);

// From `start`, noise or the state of an earlier call that was stopped, to the final latents, or to where `observer`
// stops it: schedule.steps() steps are done or fewer. Collective like GuidedModel::velocity; the result is the same on
// every rank, and a stop changes no bit of what comes out in the end.
DenoiseState denoise(const GuidedModel& model, const StepCacheSettings& cache, const Schedule& schedule,
                     DenoiseState start, const Streams<Condition>& conditions, const StepObserver& observer);

}  // namespace orrery
