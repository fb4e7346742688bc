#include "pipeline/snapshot.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "core/error.h"
#include "core/stopwatch.h"
#include "parallel/comm.h"
#include "pipeline/arrays.h"

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

void require_condition(const LatentFile& snapshot, const MediaShape& shape) {
  if (shape.condition_frames.empty()) return;
  std::vector<std::int64_t> expected = with_batch(shape.video);
  expected[2] = std::ssize(shape.condition_frames);
  const std::vector<std::int64_t> found = snapshot.condition ? snapshot.condition->shape : std::vector<std::int64_t>{};
  require_input(found == expected,
                "the condition has shape " + shape_text(found) + ", expected " + shape_text(expected));
}

std::array<at::Tensor*, 8> tensors_of(DenoiseState& state) {
  return {&state.latents.video,        &state.latents.sound,        &state.video.last_sample,
          &state.video.model_output_0, &state.video.model_output_1, &state.sound.last_sample,
          &state.sound.model_output_0, &state.sound.model_output_1};
}

// Fresh memory would cost more than the copy: `host` is kept from one snapshot to the next. Page-locked, since the
// device copies several times faster into that. What is on the host already is not copied: nobody changes it.
void copy_to_host(at::Tensor& host, const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.is_cpu()) {
    host = tensor;
    return;
  }
  if (!host.defined()) {
    host = at::empty(tensor.sizes(), at::TensorOptions(at::kCPU).dtype(tensor.scalar_type()).pinned_memory(true));
  }
  host.copy_(tensor);
}

void copy_to_host(DenoiseState& host, DenoiseState state) {
  const auto to = tensors_of(host);
  const auto from = tensors_of(state);
  for (std::size_t i = 0; i < to.size(); ++i) copy_to_host(*to[i], *from[i]);
  host.video.step = state.video.step;
  host.sound.step = state.sound.step;
}

// A cautious guess: four arrays of the latents' size, 50 MB/s.
double guessed_seconds(const DenoiseState& state) {
  std::size_t bytes = state.latents.video.nbytes();
  if (state.latents.has_sound()) bytes += state.latents.sound.nbytes();
  return 4 * static_cast<double>(bytes) / 50e6;
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
  return state;
}

SnapshotWriter::SnapshotWriter(std::filesystem::path path, LatentFile clip)
    : path_(std::move(path)), clip_(std::move(clip)) {}

bool SnapshotWriter::busy() const {
  return write_.valid() && write_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
}

void SnapshotWriter::start(const DenoiseState& state) {
  require(!busy(), "a snapshot is being written");
  copy_to_host(host_, state);
  write_ = std::async(std::launch::async, [this] {
    const Stopwatch watch;
    write_latents(path_, snapshot_file(clip_, host_));
    return watch.seconds();
  });
}

double SnapshotWriter::expected_seconds(const DenoiseState& state) const {
  return seconds_ > 0 ? seconds_ : guessed_seconds(state);
}

std::string SnapshotWriter::wait() {
  if (!write_.valid()) return "";
  try {
    seconds_ = write_.get();
    return "";
  } catch (const std::exception& e) {
    return message_of(e);
  }
}

}  // namespace orrery
