#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>

#include "pipeline/guidance.h"
#include "sampler/schedule.h"

namespace orrery {

// Called on every rank after step `step` (from 0) with the latent that it made. Must not change the latent.
using StepObserver = std::function<void(std::int64_t step, const at::Tensor& latent)>;

// The starting noise of a video latent (C, t, h, w), float32 on `device`: numpy's legacy normals for `seed`.
at::Tensor video_noise(std::uint32_t seed, at::IntArrayRef latent_shape, at::Device device);

// From noise to the final latent, both (C, t, h, w) float32. Collective like GuidedModel::velocity; the result is the
// same on every rank.
at::Tensor denoise(const GuidedModel& model, const Schedule& schedule, at::Tensor noise, const StepObserver& observer);

}  // namespace orrery
