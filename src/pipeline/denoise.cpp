#include "pipeline/denoise.h"

#include <c10/util/accumulate.h>

#include <utility>

#include "base/device/gpu.h"
#include "models/sampler/noise.h"
#include "pipeline/cached_model.h"

namespace orrery {
namespace {

at::Tensor normal(std::uint32_t seed, at::IntArrayRef shape, at::Device device) {
  const std::vector<float> values = numpy_normal(seed, c10::multiply_integers(shape));
  return at::tensor(values, at::kFloat).view(shape).to(device);
}

// An entry for each stream of the latents.
Streams<GivenFrames> given_frames(const Streams<Condition>& conditions, const MediaLatents& latents) {
  Streams<GivenFrames> given;
  for (const auto& [stream, own] : latents) {
    const auto condition = conditions.find(stream);
    given[stream] = condition == conditions.end()
                        ? GivenFrames()
                        : GivenFrames(condition->second.steps, own.size(1), condition->second.latents, own.device());
  }
  return given;
}

// Nothing changes in a video that is given whole.
bool is_all_given(const Streams<Condition>& conditions, const at::Tensor& video) {
  const auto condition = conditions.find(Stream::Video);
  return condition != conditions.end() && std::ssize(condition->second.steps) == video.size(1);
}

}  // namespace

MediaLatents noise_for(std::uint32_t seed, const MediaShape& shape, at::Device device) {
  MediaLatents noise;
  for (const auto& [stream, own] : shape.streams) noise[stream] = normal(seed, own.extents, device);
  return noise;
}

DenoiseState denoise(const GuidedModel& model, const StepCacheSettings& cache, const Schedule& schedule,
                     DenoiseState start, const Streams<Condition>& conditions, const StepObserver& observer) {
  DenoiseState state = std::move(start);
  const Streams<GivenFrames> given = given_frames(conditions, state.latents);
  Streams<UniPc> samplers;
  for (auto& [stream, latents] : state.latents) {
    samplers.emplace(stream, schedule.sigmas).first->second.restore(state.samplers[stream]);
    latents = given.at(stream).write_back(latents);
  }
  const at::Tensor& video = state.latents.at(Stream::Video);
  CachedModel cached(model, is_all_given(conditions, video) ? StepCacheSettings{} : cache, schedule, video.sizes(),
                     video.device());
  cached.restore(std::move(state.cache));
  while (state.steps_done() < schedule.steps()) {
    const ProfilerRange range("step");
    const MediaVelocity velocity = model.guided(cached.velocities(state.latents, state.steps_done()), given);
    state.cache = cached.state();
    for (auto& [stream, sampler] : samplers) {
      at::Tensor& latents = state.latents.at(stream);
      latents = sampler.step(velocity.at(stream), latents, given.at(stream));
      state.samplers.at(stream) = sampler.state();
    }
    if (!observer(state)) break;
  }
  return state;
}

}  // namespace orrery
