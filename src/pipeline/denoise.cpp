#include "pipeline/denoise.h"

#include <c10/util/accumulate.h>

#include <utility>

#include "base/device/profiler_range.h"
#include "models/sampler/noise.h"
#include "pipeline/cached_model.h"

namespace orrery {
namespace {

at::Tensor normal(std::uint32_t seed, at::IntArrayRef shape, at::Device device) {
  const std::vector<float> values = numpy_normal(seed, c10::multiply_integers(shape));
  return at::tensor(values, at::kFloat).view(shape).to(device);
}

}  // namespace

MediaLatents noise_for(std::uint32_t seed, const MediaShape& shape, std::int64_t sound_dim, at::Device device) {
  MediaLatents noise{normal(seed, shape.video, device), {}};
  if (shape.sound_steps > 0) noise.sound = normal(seed, {sound_dim, shape.sound_steps}, device);
  return noise;
}

DenoiseState denoise(const GuidedModel& model, const StepCacheSettings& cache, const Schedule& schedule,
                     DenoiseState start, const Condition& condition, const StepObserver& observer) {
  DenoiseState state = std::move(start);
  MediaLatents& latents = state.latents;
  UniPc video_sampler(schedule.sigmas);
  UniPc sound_sampler(schedule.sigmas);
  video_sampler.restore(state.video);
  if (latents.has_sound()) sound_sampler.restore(state.sound);
  const GivenFrames given(condition.frames, latents.video.size(1), condition.latents, latents.video.device());
  latents.video = given.write_back(latents.video);
  // Nothing changes in a video that is given whole.
  const bool all_given = std::ssize(condition.frames) == latents.video.size(1);
  CachedModel cached(model, all_given ? StepCacheSettings{} : cache, schedule, latents.video.sizes(),
                     latents.video.device());
  cached.restore(std::move(state.cache));
  while (state.steps_done() < schedule.steps()) {
    const ProfilerRange range("step");
    const MediaVelocity velocity = model.guided(cached.velocities(latents, state.steps_done()), given);
    state.cache = cached.state();
    latents.video = video_sampler.step(velocity.video, latents.video, given);
    state.video = video_sampler.state();
    if (latents.has_sound()) {
      latents.sound = sound_sampler.step(velocity.sound, latents.sound);
      state.sound = sound_sampler.state();
    }
    if (!observer(state)) break;
  }
  return state;
}

}  // namespace orrery
