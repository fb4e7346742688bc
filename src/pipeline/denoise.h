#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "pipeline/guidance.h"
#include "sampler/schedule.h"

namespace orrery {

// Latent frames that are given, not generated: `latents` (C, n, h, w) float32 stand at `frames`, n increasing indexes.
// Nothing is given when `frames` is empty.
struct Condition {
  std::vector<std::int64_t> frames;
  at::Tensor latents;
};

// Called on every rank after step `step` (from 0) with the latents that it made, before conditioned frames are written
// back. Must not change them.
using StepObserver = std::function<void(std::int64_t step, const MediaLatents& latents)>;

// The starting noise, on `device`: numpy's legacy normals for `seed`, video and sound each from a fresh generator.
// `sound_dim` is read only when the shape has sound.
MediaLatents noise_for(std::uint32_t seed, const MediaShape& shape, std::int64_t sound_dim, at::Device device);

// From noise to the final latents. Collective like GuidedModel::velocity; the result is the same on every rank.
MediaLatents denoise(const GuidedModel& model, const Schedule& schedule, MediaLatents noise, const Condition& condition,
                     const StepObserver& observer);

}  // namespace orrery
