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

// Latent frames that are given, not generated: `latents` (C, n, h, w) float32 stand at `frames`, n increasing indexes.
// Nothing is given when `frames` is empty.
struct Condition {
  std::vector<std::int64_t> frames;
  at::Tensor latents;
};

// Denoising at a step boundary: everything that the next step needs. Tensors are never changed in place, so a copy of
// this is cheap and stays as it is.
struct DenoiseState {
  MediaLatents latents;  // the given frames in their place, once a step is done
  UniPcState video;
  UniPcState sound;  // of no meaning without sound
  StepCacheState cache;

  std::int64_t steps_done() const { return video.step; }
};

// Called on every rank after each step, the last one too. False stops there; every rank must answer alike.
using StepObserver = std::function<bool(const DenoiseState& state)>;

// The starting noise, on `device`: numpy's legacy normals for `seed`, video and sound each from a fresh generator.
// `sound_dim` is read only when the shape has sound.
MediaLatents noise_for(std::uint32_t seed, const MediaShape& shape, std::int64_t sound_dim, at::Device device);

// From `start`, noise or the state of an earlier call that was stopped, to the final latents, or to where `observer`
// stops it: schedule.steps() steps are done or fewer. Collective like GuidedModel::velocity; the result is the same on
// every rank, and a stop changes no bit of what comes out in the end.
DenoiseState denoise(const GuidedModel& model, const StepCacheSettings& cache, const Schedule& schedule,
                     DenoiseState start, const Condition& condition, const StepObserver& observer);

}  // namespace orrery
