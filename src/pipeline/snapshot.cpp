#include "pipeline/snapshot.h"

#include <c10/util/accumulate.h>

#include <chrono>
#include <utility>

#include "base/core/error.h"
#include "base/core/json.h"
#include "base/core/stopwatch.h"
#include "base/parallel/comm.h"
#include "pipeline/arrays.h"
#include "pipeline/root_work.h"

namespace orrery {
namespace {

// Copies a tensor to `host`, which is reused from snapshot to snapshot, since allocation would cost more than the copy.
// It is page-locked, into which a device copies several times faster. Tensors on the host are not copied: they never
// change.
void copy_to_host(at::Tensor& host, const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.is_cpu()) {
    host = tensor;
    return;
  }
  if (!host.defined() || host.sizes() != tensor.sizes()) {
    host = at::empty(tensor.sizes(), at::TensorOptions(at::kCPU).dtype(tensor.scalar_type()).pinned_memory(true));
  }
  host.copy_(tensor);
}

void copy_to_host(UniPcState& host, const UniPcState& state) {
  host.step = state.step;
  copy_to_host(host.last_sample, state.last_sample);
  copy_to_host(host.model_output_0, state.model_output_0);
  copy_to_host(host.model_output_1, state.model_output_1);
}

void copy_to_host(StepCacheState& host, StepCacheState state) {
  const std::vector<CacheTensor> before = tensors_of(host);
  const std::vector<CacheTensor> tensors = tensors_of(state);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    at::Tensor copy = i < before.size() ? *before[i].tensor : at::Tensor();
    copy_to_host(copy, *tensors[i].tensor);
    *tensors[i].tensor = copy;
  }
  host = std::move(state);
}

void copy_to_host(DenoiseState& host, const DenoiseState& state) {
  for (const auto& [stream, latents] : state.latents) copy_to_host(host.latents[stream], latents);
  for (const auto& [stream, sampler] : state.samplers) copy_to_host(host.samplers[stream], sampler);
  copy_to_host(host.cache, state.cache);
}

// A conservative guess: four arrays of the latents' size plus the step cache, at 50 MB/s.
double guessed_seconds(DenoiseState state) {
  std::size_t bytes = 0;
  for (const auto& [stream, latents] : state.latents) bytes += 4 * latents.nbytes();
  for (const CacheTensor& part : tensors_of(state.cache)) bytes += part.tensor->nbytes();
  return static_cast<double>(bytes) / 50e6;
}

using Shape = std::vector<std::int64_t>;

bool knows_last_step(const DenoiseState& state) { return state.samplers.at(Stream::Video).last_sample.defined(); }

// A tensor of a resumed clip and its shape, which is known before its values.
struct Part {
  at::Tensor* tensor;
  Shape shape;
};

void add_sampler(std::vector<Part>& parts, UniPcState& state, bool remembers, const Shape& shape) {
  if (!remembers) return;
  parts.push_back({&state.last_sample, shape});
  parts.push_back({&state.model_output_1, shape});
  if (state.step >= 2) parts.push_back({&state.model_output_0, shape});
}

// All tensors of a clip's state, in the same order on all ranks. `remembers`: whether its samplers keep earlier steps.
std::vector<Part> parts_of(ResumedClip& clip, bool remembers, const MediaShape& shape) {
  std::vector<Part> parts;
  for (const auto& [stream, own] : shape.streams) {
    parts.push_back({&clip.state.latents[stream], own.extents});
    add_sampler(parts, clip.state.samplers.at(stream), remembers, own.extents);
    if (!own.given.empty()) parts.push_back({&clip.conditions[stream].latents, own.given_extents()});
  }
  for (const CacheTensor& part : tensors_of(clip.state.cache)) {
    parts.push_back({part.tensor, shape.extents(part.stream)});
  }
  return parts;
}

ResumedClip read_clip(const std::filesystem::path& path, const Request& request, const MediaShape& shape) {
  const LatentFile file = read_latents(path);
  try {
    ResumedClip clip{state_of(file, request, shape), {}, file.inputs, file.model};
    for (const auto& [stream, own] : shape.streams) {
      if (!own.given.empty()) clip.conditions[stream] = {own.given, to_tensor(file.condition.at(stream)).squeeze(0)};
    }
    return clip;
  } catch (const InputError& e) {
    throw InputError(path.string() + ": " + e.what());
  }
}

at::Tensor flattened(const std::vector<Part>& parts) {
  std::vector<at::Tensor> flat;
  for (const Part& part : parts) flat.push_back(part.tensor->reshape({-1}));
  return at::cat(flat);
}

// Each part gets its own memory, aligned like the tensors of an uninterrupted run: with other alignments, libraries may
// round differently.
void unflatten(const at::Tensor& flat, const std::vector<Part>& parts, at::Device device) {
  std::int64_t begin = 0;
  for (const Part& part : parts) {
    const std::int64_t size = c10::multiply_integers(part.shape);
    *part.tensor =
        flat.narrow(0, begin, size).view(part.shape).to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
    begin += size;
  }
}

}  // namespace

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

ResumedClip share_snapshot(const Comm& world, const std::filesystem::path& path, const Request& request,
                           const MediaShape& shape, at::Device device) {
  ResumedClip clip;
  on_root(world, [&] { clip = read_clip(path, request, shape); });
  const std::int64_t steps_done = world.from_root([&] { return clip.state.steps_done(); });
  const bool remembers = world.from_root([&] { return knows_last_step(clip.state); });
  clip.state.seed = request.seed;
  for (const auto& [stream, own] : shape.streams) {
    clip.state.samplers[stream].step = steps_done;
    if (!own.given.empty()) clip.conditions[stream].steps = own.given;
  }
  const std::string counts = world.from_root([&] { return cache_counts(clip.state.cache); });
  if (!world.is_root()) clip.state.cache = cache_of(counts, shape);
  const std::vector<Part> parts = parts_of(clip, remembers, shape);
  at::Tensor flat;
  on_root(world, [&] { flat = flattened(parts); });
  unflatten(share_from_root(world, flat), parts, device);
  return clip;
}

}  // namespace orrery
