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

// Collects the problems found by independent checks.
class Problems {
 public:
  // Runs a check and keeps the message of an InputError that it throws.
  template <class Check>
  void attempt(const Check& check) {
    try {
      check();
    } catch (const InputError& e) {
      text_.append(text_.empty() ? "" : "\n").append(e.what());
    }
  }
  // Throws one InputError with all messages, if there are any.
  void require_none() const { require_input(text_.empty(), text_); }

 private:
  std::string text_;
};

// The input of a run: its checkpoint and its clips.
struct RunInput {
  std::optional<CheckpointFiles> checkpoint;  // none: the checkpoint was refused
  ManifestShard shard;
  std::int64_t manifest_requests = 0;  // of all shards together
  std::vector<ClipJob> jobs;           // of this shard
};

// Makes the checks of `run` and `validate` that do not concern OUT: environment, checkpoint, manifest, texts,
// schedules. Reads no weights. Adds refusals to `problems`.
RunInput check_input(const Options& options, Unmakeable unmakeable, Problems& problems);

// Checks OUT: which finished clips and snapshots belong to `jobs`, and whether there is enough space. Writes nothing;
// OUT need not exist. Throws InputError. Too little space for later clips is a warning in the plan.
RunPlan check_out(const Options& options, const CheckpointFiles& checkpoint, std::vector<ClipJob> jobs);

// What rank 0 holds from the checks until the end of the run; other ranks have only the checkpoint.
struct RootHold {
  std::optional<CheckpointFiles> checkpoint;
  ManifestShard shard;
  std::int64_t manifest_requests = 0;  // of all shards together
  std::optional<RunLock> lock;         // keeps other runs out of OUT
  KeptChildren kept_children;
};

// Rank 0's part of a run before any weight is read. Makes all checks of this header; creates and locks OUT between the
// checks of the input and of OUT's content; at the end removes snapshots from which no clip resumes. Throws InputError
// when any check fails; nothing is removed then.
RunPlan prepare_run(const Options& options, const Log& log, RootHold& hold);

}  // namespace orrery
