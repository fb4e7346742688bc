#pragma once

#include <cstdint>
#include <optional>

#include "app/cli/options.h"
#include "app/commands/run_plan.h"
#include "app/manifest/manifest_shard.h"
#include "app/outputs/run_lock.h"
#include "base/core/log.h"
#include "models/zoo/checkpoint_files.h"

namespace orrery {

// What rank 0 has from its first look at OUT to the end of the run; the other ranks have the checkpoint alone.
struct RootHold {
  std::optional<CheckpointFiles> checkpoint;
  ManifestShard shard;
  std::int64_t manifest_requests = 0;  // of all shards together
  std::optional<RunLock> lock;         // while it is there, OUT is this run's
  KeptChildren kept_children;
};

// Rank 0's part of a run before any weight is read: all that run_checks.h checks; between the input and OUT's content
// OUT is made and locked, and at the end rid of snapshots that no clip goes on from. Throws InputError when any of it
// is refused; nothing is removed then.
RunPlan prepare_run(const Options& options, const Log& log, RootHold& hold);

}  // namespace orrery
