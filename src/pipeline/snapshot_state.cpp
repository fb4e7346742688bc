#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/core/error.h"
#include "pipeline/arrays.h"
#include "pipeline/cache_state.h"
#include "pipeline/snapshot.h"

namespace orrery {
namespace {

constexpr int kSamplerOrder = 2;

FloatArray batch_of_one(const at::Tensor& tensor) {
  return tensor.defined() ? to_array(tensor.unsqueeze(0)) : FloatArray{};
}

SamplerHistory history_of(const UniPcState& state, std::int64_t steps) {
  const auto done = static_cast<int>(state.step);
  const auto left_at_last = static_cast<int>(steps) - done + 1;
  return {batch_of_one(state.last_sample), batch_of_one(state.model_output_0), batch_of_one(state.model_output_1),
          std::min(done, kSamplerOrder), std::min({done, left_at_last, kSamplerOrder})};
}

std::vector<std::int64_t> with_batch(std::vector<std::int64_t> shape) {
  shape.insert(shape.begin(), 1);
  return shape;
}

void require_shape(const std::vector<std::int64_t>& found, const std::vector<std::int64_t>& shape,
                   const std::string& what) {
  require_input(found == with_batch(shape),
                fmt::format("{} has shape {}, expected {}", what, shape_text(found), shape_text(with_batch(shape))));
}

at::Tensor tensor_of(const FloatArray& array, const std::vector<std::int64_t>& shape, const std::string& what) {
  require_shape(array.shape, shape, what);
  return to_tensor(array).squeeze(0);
}

UniPcState sampler_state(std::int64_t step, const SamplerHistory& history, const std::vector<std::int64_t>& shape) {
  UniPcState state;
  state.step = step;
  state.last_sample = tensor_of(history.last_sample, shape, "last_sample");
  state.model_output_1 = tensor_of(history.model_output_1, shape, "model_output_1");
  if (step >= 2) state.model_output_0 = tensor_of(history.model_output_0, shape, "model_output_0");
  return state;
}

StepCacheState cache_state(const RunningState& running, const Request& request, const MediaShape& shape) {
  StepCacheState state = cache_of(running.cache, shape);
  require_cache_of(state, request, shape, running.step);
  for (const CacheTensor& part : tensors_of(state)) {
    const auto array = running.cache_arrays.find(part.name);
    require_input(array != running.cache_arrays.end(), fmt::format("the step cache's state lacks {}", part.name));
    *part.tensor = tensor_of(array->second, shape.extents(part.stream), part.name);
  }
  return state;
}

void require_condition(const LatentFile& snapshot, const MediaShape& shape) {
  for (const auto& [stream, own] : shape.streams) {
    if (own.given.empty()) continue;
    const auto given = snapshot.condition.find(stream);
    const FloatArray found = given == snapshot.condition.end() ? FloatArray{} : given->second;
    require_shape(found.shape, own.given_extents(), "the condition");
  }
}

}  // namespace

LatentFile snapshot_file(LatentFile clip, const DenoiseState& state) {
  require(state.steps_done() >= 1, "nothing can be resumed before the first step");
  const std::int64_t steps = std::ssize(clip.timesteps);
  clip.state = LatentFile::State::Running;
  RunningState& running = clip.running.emplace();
  running.step = static_cast<int>(state.steps_done());
  for (const auto& [stream, latents] : state.latents) {
    clip.latents[stream] = batch_of_one(latents);
    running.histories[stream] = history_of(state.samplers.at(stream), steps);
  }
  StepCacheState cache = state.cache;
  running.cache = cache_counts(cache);
  for (const CacheTensor& part : tensors_of(cache)) running.cache_arrays[part.name] = batch_of_one(*part.tensor);
  return clip;
}

DenoiseState state_of(const LatentFile& snapshot, const Request& request, const MediaShape& shape) {
  require_input(snapshot.running.has_value(), "not a snapshot: its clip is finished");
  const RunningState& running = *snapshot.running;
  const std::int64_t steps = std::ssize(snapshot.timesteps);
  require_input(running.step >= 1 && running.step < steps,
                fmt::format("the snapshot is of step {} of {}", running.step, steps));
  require_condition(snapshot, shape);
  DenoiseState state;
  for (const StreamSchema& schema : kStreams) {
    const auto own = shape.streams.find(schema.stream);
    const bool expected = own != shape.streams.end();
    require_input(snapshot.latents.contains(schema.stream) == expected,
                  fmt::format("it should have {} just when the clip has", schema.name));
    if (!expected) continue;
    const std::vector<std::int64_t>& extents = own->second.extents;
    const std::string what = fmt::format("the {}", schema.name);
    state.latents[schema.stream] = tensor_of(snapshot.latents.at(schema.stream), extents, what);
    state.samplers[schema.stream] = sampler_state(running.step, running.histories.at(schema.stream), extents);
  }
  state.cache = cache_state(running, request, shape);
  return state;
}

}  // namespace orrery
