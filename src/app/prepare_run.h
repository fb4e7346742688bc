#pragma once

#include <cstdint>
#include <optional>

#include "app/checkpoint_files.h"
#include "app/manifest_shard.h"
#include "app/options.h"
#include "app/run_lock.h"
#include "app/run_plan.h"
#include "core/log.h"

namespace orrery {

// What rank 0 has from its first look at OUT to the end of the run.
struct RootHold {
  ManifestShard shard;
  std::int64_t manifest_requests = 0;  // of all shards together
  std::optional<RunLock> lock;         // while it is there, OUT is this run's
  KeptChildren kept_children;
};

// Rank 0's part of a run before any weight is read: the checkpoint, every request and the disk are checked; OUT is
// made, locked, and rid of snapshots that no clip goes on from. Throws InputError when any of it is refused; nothing is
// removed then.
RunPlan prepare_run(const Options& options, const CheckpointFiles& checkpoint, const Log& log, RootHold& hold);

}  // namespace orrery
