#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/options.h"
#include "app/commands/run_plan.h"
#include "app/manifest/manifest_shard.h"
#include "app/outputs/run_lock.h"
#include "base/core/error.h"
#include "base/core/log.h"
#include "models/zoo/checkpoint_files.h"

namespace orrery {

// What is wrong with a run, found by checks that do not depend on each other.
class Problems {
 public:
  // Makes a check; an InputError that it throws is kept.
  template <class Check>
  void attempt(const Check& check) {
    try {
      check();
    } catch (const InputError& e) {
      text_.append(text_.empty() ? "" : "\n").append(e.what());
    }
  }
  // Throws one InputError with all that was kept, if there is any.
  void require_none() const { require_input(text_.empty(), text_); }

 private:
  std::string text_;
};

// What goes into a run: its checkpoint and its clips.
struct RunInput {
  std::optional<CheckpointFiles> checkpoint;  // none: it was refused
  ManifestShard shard;
  std::int64_t manifest_requests = 0;  // of all shards together
  std::vector<ClipJob> jobs;           // of this shard
};

// The checks of `run` and `validate` that do not look at OUT: environment, checkpoint, manifest, texts, schedules.
// Reads no weight. Refusals go to `problems`.
RunInput check_input(const Options& options, Unmakeable unmakeable, Problems& problems);

// The checks of OUT: which finished clips and snapshots may stand for `jobs`, and whether there is space. Writes
// nothing; OUT need not be there. Throws InputError. Too little space for later clips is a warning in the plan.
RunPlan check_out(const Options& options, const CheckpointFiles& checkpoint, std::vector<ClipJob> jobs);

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
