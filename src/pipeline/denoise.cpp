#include "pipeline/denoise.h"

#include <c10/util/accumulate.h>

#include <utility>

#include "base/device/profiler_range.h"
#include "models/sampler/noise.h"

namespace orrery {
namespace {

at::Tensor normal(std::uint32_t seed, at::IntArrayRef shape, at::Device device) {
  const std::vector<float> values = numpy_normal(seed, c10::multiply_integers(shape));
  return at::tensor(values, at::kFloat).view(shape).to(device);
}

// What turns one stream's noise into latents.
struct StreamSampler {
  UniPc sampler;
  GivenFrames given;
};

}  // namespace

MediaLatents noise_for(std::uint32_t seed, const MediaShape& shape, at::Device device) {
  MediaLatents noise;
  for (const auto& [stream, own] : shape.streams) noise[stream] = normal(seed, own.extents, device);
  return noise;
}

DenoiseState denoise(const GuidedModel& model, const Schedule& schedule, DenoiseState start,
                     const Streams<Condition>& conditions, const StepObserver& observer) {
  DenoiseState state = std::move(start);
  Streams<StreamSampler> samplers;
  for (auto& [stream, latents] : state.latents) {
    StreamSampler& own = samplers.emplace(stream, StreamSampler{UniPc(schedule.sigmas), {}}).first->second;
    own.sampler.restore(state.samplers[stream]);
    if (const auto given = conditions.find(stream); given != conditions.end()) {
      own.given = GivenFrames(given->second.steps, latents.size(1), given->second.latents, latents.device());
    }
    latents = own.given.write_back(latents);
  }
  while (state.steps_done() < schedule.steps()) {
    const ProfilerRange range("step");
    const auto step = static_cast<std::size_t>(state.steps_done());
    const MediaVelocity velocity = model.velocity(state.latents, static_cast<double>(schedule.timesteps[step]));
    for (auto& [stream, own] : samplers) {
      at::Tensor& latents = state.latents.at(stream);
      latents = own.sampler.step(velocity.at(stream), latents, own.given);
      state.samplers.at(stream) = own.sampler.state();
    }
    if (!observer(state)) break;
  }
  return state;
}

}  // namespace orrery
