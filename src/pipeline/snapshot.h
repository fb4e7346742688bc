#pragma once

#include <cstdint>
#include <filesystem>
#include <future>
#include <string>

#include "io/latents/latent_store.h"
#include "pipeline/denoise.h"
#include "pipeline/request.h"

namespace orrery {

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

}  // namespace orrery
