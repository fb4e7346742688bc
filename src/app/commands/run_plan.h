#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/cli/options.h"
#include "app/manifest/manifest_shard.h"
#include "app/outputs/clip_files.h"
#include "app/plan/forecast.h"
#include "models/zoo/checkpoint_files.h"
#include "pipeline/clip_job.h"

namespace orrery {

// The work of a run: all requests checked, with their texts as token ids.
struct RunPlan {
  std::vector<ClipJob> jobs;          // to do, in the manifest's order
  std::vector<std::string> complete;  // ids whose files are all there
  std::vector<std::string> warnings;  // on rank 0 only
  KeptChildren kept_children;         // on rank 0 only
};

// How to treat a request that is valid but cannot be made now: its image is missing, the checkpoint has no sound, the
// scheduler cannot compute its schedule.
enum class Unmakeable { FailsAlone, IsRefused };

// The requests of the manifest, checked against this version and this checkpoint; without request_json, which only a
// run needs. `checkpoint` is null when it has already been refused. Throws one InputError with a line for every
// problem.
std::vector<ClipJob> plan_jobs(const Options& options, const CheckpointFiles* checkpoint,
                               Unmakeable unmakeable = Unmakeable::FailsAlone);

// The properties of a run from which `plan` and `validate` estimate time and memory.
RunShape run_shape_of(const Options& options);

// The jobs of one shard, in the same order.
std::vector<ClipJob> jobs_of(ManifestShard shard, std::vector<ClipJob> jobs);

// Separates the jobs whose files are all in OUT, and marks those that resume from a snapshot. Throws InputError for a
// finished latent file or a snapshot that was made from another request or checkpoint, unless --force makes everything
// again.
RunPlan skip_complete(std::vector<ClipJob> jobs, const Options& options, const CheckpointFiles& checkpoint);

// Serializes the part of rank 0's plan that the other ranks need: the jobs without request_json, and the complete ids.
// A text that several clips share is stored once, and shared again after decoding.
std::string encode_plan(const RunPlan& plan);

// The inverse of encode_plan(). Throws Error when `bytes` are not its result.
RunPlan decode_plan(std::string_view bytes);

}  // namespace orrery
