#include "pipeline/snapshot.h"

#include <chrono>
#include <utility>

#include "base/core/error.h"
#include "base/core/stopwatch.h"
#include "base/parallel/comm.h"
#include "pipeline/cache_state.h"

namespace orrery {
namespace {

// Fresh memory would cost more than the copy: `host` is kept from one snapshot to the next. Page-locked, since the
// device copies several times faster into that. What is on the host already is not copied: nobody changes it.
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

// A cautious guess: four arrays of the latents' size and what a step cache keeps, 50 MB/s.
double guessed_seconds(DenoiseState state) {
  std::size_t bytes = 0;
  for (const auto& [stream, latents] : state.latents) bytes += 4 * latents.nbytes();
  for (const CacheTensor& part : tensors_of(state.cache)) bytes += part.tensor->nbytes();
  return static_cast<double>(bytes) / 50e6;
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

}  // namespace orrery
