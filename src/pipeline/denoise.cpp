#include "pipeline/denoise.h"

#include <c10/util/accumulate.h>

#include <utility>

#include "base/device/device_events.h"
#include "base/device/gpu.h"
#include "models/sampler/noise.h"

namespace orrery {
namespace {

MediaLatents sum(const MediaLatents& a, const MediaLatents& b, double sign) {
  MediaLatents sums;
  for (const auto& [stream, own] : a) sums[stream] = at::add(own, b.at(stream), sign);
  return sums;
}

at::Tensor normal(std::uint32_t seed, at::IntArrayRef shape, at::Device device) {
  const std::vector<float> values = numpy_normal(seed, c10::multiply_integers(shape));
  return at::tensor(values, at::kFloat).view(shape).to(device);
}

// The given frames of each stream of the latents.
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

// Whether the whole video is given. It then never changes, so the distances of a step cache, which measures only the
// video, would be 0.
bool is_all_given(const Streams<Condition>& conditions, const at::Tensor& video) {
  const auto condition = conditions.find(Stream::Video);
  return condition != conditions.end() && std::ssize(condition->second.steps) == video.size(1);
}

}  // namespace

CachedModel::CachedModel(const GuidedModel& model, const StepSettings& settings, const Schedule& schedule,
                         at::IntArrayRef video, at::Device device)
    : model_(&model), timesteps_(schedule.timesteps), full_precision_(settings.full_precision) {
  if (settings.cache.on()) cache_.emplace(settings.cache, schedule, video, model.branches(), device);
}

void CachedModel::restore(StepCacheState state) {
  if (cache_ && !state.branches.empty()) cache_->restore(std::move(state));
}

std::vector<MediaLatents> CachedModel::velocities(const MediaLatents& latents, std::int64_t step) {
  const BranchFlags called = model_->called(timestep(step));
  return cache_ ? cached(latents, step, called) : model_->velocities(latents, timestep(step), called, precision(step));
}

std::vector<MediaLatents> CachedModel::cached(const MediaLatents& latents, std::int64_t step,
                                              const BranchFlags& called) {
  const at::Tensor distances = cache_->measure(latents.at(Stream::Video), step, called);
  std::optional<Readback> reading;
  if (distances.defined()) reading.emplace(model_->agreed(distances));
  const MediaLatents shallow = model_->without_layers(latents, timestep(step));
  const BranchFlags computes = cache_->decide(reading ? reading->wait() : std::vector<float>{});
  std::vector<MediaLatents> velocities = model_->velocities(latents, timestep(step), computes, precision(step));
  for (std::size_t i = 0; i < velocities.size(); ++i) {
    if (computes[i]) {
      cache_->keep(i, sum(velocities[i], shallow, -1));
    } else if (called[i]) {
      velocities[i] = sum(shallow, cache_->share(i), 1);
    }
  }
  return velocities;
}

MediaLatents noise_for(std::uint32_t seed, const MediaShape& shape, at::Device device) {
  MediaLatents noise;
  for (const auto& [stream, own] : shape.streams) noise[stream] = normal(seed, own.extents, device);
  return noise;
}

DenoiseState denoise(const GuidedModel& model, const StepSettings& settings, const Schedule& schedule,
                     DenoiseState start, const Streams<Condition>& conditions, const StepObserver& observer) {
  DenoiseState state = std::move(start);
  const Streams<GivenFrames> given = given_frames(conditions, state.latents);
  Streams<StreamSampler> samplers;
  for (auto& [stream, latents] : state.latents) {
    samplers.emplace(stream, StreamSampler(schedule, state.seed)).first->second.restore(state.samplers[stream]);
    latents = given.at(stream).write_back(latents);
  }
  const at::Tensor& video = state.latents.at(Stream::Video);
  StepSettings own = settings;
  if (is_all_given(conditions, video)) own.cache = {};
  CachedModel cached(model, own, schedule, video.sizes(), video.device());
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
