#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "base/parallel/comm.h"
#include "io/latents/latent_store.h"
#include "models/cosmos3/media.h"
#include "models/sampler/step_cache.h"
#include "pipeline/denoise.h"
#include "pipeline/request.h"

namespace orrery {

// How a snapshot keeps the state of a step cache: its counts as JSON, and its tensors one after another.

// The counts; "" of a state without branches.
std::string cache_counts(const StepCacheState& state);

// The state with these counts, of a clip of `shape`, and undefined tensors. Throws InputError when they are not what
// cache_counts() writes.
StepCacheState cache_of(const std::string& counts, const MediaShape& shape);

// Throws InputError when `state` is not what the step cache of `request` knows after `steps_done` steps. `shape`: of
// the clip.
void require_cache_of(const StepCacheState& state, const Request& request, const MediaShape& shape,
                      std::int64_t steps_done);

// A tensor of the state, its name in snapshots, and the stream whose latents' shape it has.
struct CacheTensor {
  at::Tensor* tensor;
  std::string name;  // "0/indicator", "1/0/sound": branch, place among the steps that are kept
  Stream stream = Stream::Video;
};

// All of them, in one order on all ranks.
std::vector<CacheTensor> tensors_of(StepCacheState& state);

// `clip` (request, model, texts, schedule, condition) with the latents and the samplers' state in it: a running latent
// file. At least one step is done.
LatentFile snapshot_file(LatentFile clip, const DenoiseState& state);

// The state in a snapshot, on the CPU. `request`, `shape`: of the clip that goes on from it. Throws InputError, without
// the file's name, when the file holds no state of such a clip.
DenoiseState state_of(const LatentFile& snapshot, const Request& request, const MediaShape& shape);

// Writes the snapshots of one clip behind its denoising, each in place of the one before: at most two files exist, the
// newest and the one being written. For rank 0; one thread uses it.
class SnapshotWriter {
 public:
  // `clip`: what snapshot_file takes.
  SnapshotWriter(std::filesystem::path path, LatentFile clip);
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;
  // Waits for the write under way.
  ~SnapshotWriter() = default;

  bool busy() const;
  // Takes the state to host memory and begins to write it in another thread. Not while busy.
  void start(const DenoiseState& state);
  // Waits for the write under way. Returns why the last one failed, once, or "".
  std::string wait();

  // How long a snapshot of `state` takes: as long as the last one, before the first one a cautious guess.
  double expected_seconds(const DenoiseState& state) const;

 private:
  std::filesystem::path path_;
  LatentFile clip_;
  DenoiseState host_;  // the writing thread's while busy
  double seconds_ = 0;
  std::future<double> write_;  // seconds; its destructor waits
};

// Where a stopped clip goes on. Tensors are on the device.
struct ResumedClip {
  DenoiseState state;
  Streams<Condition> conditions;
  std::string inputs;  // what its files held, as the snapshot records it; on rank 0
  std::string model;   // what the snapshot says of the model, on rank 0
};

// Reads a snapshot on rank 0 and gives its content to all ranks, whatever the grid that it was taken on. `request`,
// `shape`: of the clip. Throws RequestFailed on every rank when the file cannot be used. Collective.
ResumedClip share_snapshot(const Comm& world, const std::filesystem::path& path, const Request& request,
                           const MediaShape& shape, at::Device device);

}  // namespace orrery
