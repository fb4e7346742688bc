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

at::Tensor tensor_of(const FloatArray& array, const std::vector<std::int64_t>& shape, const char* what) {
  require_input(array.shape == with_batch(shape), std::string(what) + " has shape " + shape_text(array.shape) +
                                                      ", expected " + shape_text(with_batch(shape)));
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

StepCacheState cache_state(const RunningState& running, const MediaShape& shape, std::int64_t sound_dim) {
  StepCacheState state = cache_of(running.cache, shape.sound_steps > 0 ? 2 : 1);
  for (const CacheTensor& part : tensors_of(state)) {
    const auto array = running.cache_arrays.find(part.name);
    require_input(array != running.cache_arrays.end(), "the step cache's state lacks " + part.name);
    const std::vector<std::int64_t> sound{sound_dim, shape.sound_steps};
    *part.tensor = tensor_of(array->second, part.stream == 0 ? shape.video : sound, part.name.c_str());
  }
  return state;
}

void require_condition(const LatentFile& snapshot, const MediaShape& shape) {
  if (shape.condition_frames.empty()) return;
  std::vector<std::int64_t> expected = with_batch(shape.video);
  expected[2] = std::ssize(shape.condition_frames);
  const std::vector<std::int64_t> found = snapshot.condition ? snapshot.condition->shape : std::vector<std::int64_t>{};
  require_input(found == expected,
                "the condition has shape " + shape_text(found) + ", expected " + shape_text(expected));
}

}  // namespace

LatentFile snapshot_file(LatentFile clip, const DenoiseState& state) {
  require(state.steps_done() >= 1, "nothing can be resumed before the first step");
  const std::int64_t steps = std::ssize(clip.timesteps);
  clip.state = LatentFile::State::Running;
  clip.video = batch_of_one(state.latents.video);
  RunningState& running = clip.running.emplace();
  running.step = static_cast<int>(state.steps_done());
  running.video = history_of(state.video, steps);
  if (state.latents.has_sound()) {
    clip.sound = batch_of_one(state.latents.sound);
    running.sound = history_of(state.sound, steps);
  }
  StepCacheState cache = state.cache;
  running.cache = cache_counts(cache);
  for (const CacheTensor& part : tensors_of(cache)) running.cache_arrays[part.name] = batch_of_one(*part.tensor);
  return clip;
}

DenoiseState state_of(const LatentFile& snapshot, const MediaShape& shape, std::int64_t sound_dim) {
  require_input(snapshot.running.has_value(), "not a snapshot: its clip is finished");
  const RunningState& running = *snapshot.running;
  const std::int64_t steps = std::ssize(snapshot.timesteps);
  require_input(running.step >= 1 && running.step < steps,
                "the snapshot is of step " + std::to_string(running.step) + " of " + std::to_string(steps));
  require_condition(snapshot, shape);
  DenoiseState state;
  state.latents.video = tensor_of(snapshot.video, shape.video, "the video");
  state.video = sampler_state(running.step, running.video, shape.video);
  require_input(snapshot.sound.has_value() == (shape.sound_steps > 0), "it should have sound just when the clip has");
  if (snapshot.sound) {
    const std::vector<std::int64_t> sound{sound_dim, shape.sound_steps};
    state.latents.sound = tensor_of(*snapshot.sound, sound, "the sound");
    state.sound = sampler_state(running.step, *running.sound, sound);
  }
  state.cache = cache_state(running, shape, sound_dim);
  return state;
}

}  // namespace orrery
