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

// A snapshot stores the state of a step cache as counts (JSON) and a list of tensors.

// The counts as JSON; "" for a state without branches.
std::string cache_counts(const StepCacheState& state);

// A state with these counts, for a clip of `shape`, with undefined tensors. Throws InputError when `counts` does not
// have the form of cache_counts().
StepCacheState cache_of(const std::string& counts, const MediaShape& shape);

// Throws InputError unless `state` is a valid state of the step cache of `request` after `steps_done` steps. `shape` is
// the clip's.
void require_cache_of(const StepCacheState& state, const Request& request, const MediaShape& shape,
                      std::int64_t steps_done);

// A tensor of the state, its name in snapshots, and the stream whose latents' shape it has.
struct CacheTensor {
  at::Tensor* tensor;
  std::string name;  // "0/indicator"; "1/0/sound": branch, index of the kept step, stream
  Stream stream = Stream::Video;
};

// All tensors of the state, in the same order on all ranks.
std::vector<CacheTensor> tensors_of(StepCacheState& state);

// Returns `clip` (request, model, texts, schedule, condition) as a running latent file, with the latents and the state
// of samplers and cache added. At least one step must be done.
LatentFile snapshot_file(LatentFile clip, const DenoiseState& state);

// The state in a snapshot, on the CPU. `request` and `shape` are those of the clip that resumes from it. Throws
// InputError, without a file name, when the file has no state of such a clip.
DenoiseState state_of(const LatentFile& snapshot, const Request& request, const MediaShape& shape);

// Writes the snapshots of one clip in the background. Each replaces the previous one: at most two files exist, the
// newest and the one being written. For rank 0; not thread-safe.
class SnapshotWriter {
 public:
  // `clip` is as for snapshot_file().
  SnapshotWriter(std::filesystem::path path, LatentFile clip);
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;
  // Waits for the write under way.
  ~SnapshotWriter() = default;

  bool busy() const;
  // Copies the state to host memory and starts to write it in another thread. Must not be called while busy().
  void start(const DenoiseState& state);
  // Waits for the write under way. Returns why the last write failed, and only once, or "".
  std::string wait();

  // Expected time to write a snapshot of `state` [s]: that of the last one; before the first one, a conservative guess.
  double expected_seconds(const DenoiseState& state) const;

 private:
  std::filesystem::path path_;
  LatentFile clip_;
  DenoiseState host_;  // used by the writing thread while busy()
  double seconds_ = 0;
  std::future<double> write_;  // seconds taken; its destructor waits
};

// The state from which a stopped clip resumes. Tensors are on the device.
struct ResumedClip {
  DenoiseState state;
  Streams<Condition> conditions;
  std::string inputs;  // content of its files, as the snapshot records it; on rank 0
  std::string model;   // the snapshot's `model`; on rank 0
};

// Reads a snapshot on rank 0 and sends its content to all ranks; it may have been taken on another grid. `request` and
// `shape` are the clip's. Throws RequestFailed on every rank when the file cannot be used. Collective.
ResumedClip share_snapshot(const Comm& world, const std::filesystem::path& path, const Request& request,
                           const MediaShape& shape, at::Device device);

}  // namespace orrery
