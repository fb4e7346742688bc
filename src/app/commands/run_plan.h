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

// What a run is going to do: every request checked, its texts as token ids.
struct RunPlan {
  std::vector<ClipJob> jobs;          // still to do, in the manifest's order
  std::vector<std::string> complete;  // ids whose files are all there
  std::vector<std::string> warnings;  // on rank 0 only
  KeptChildren kept_children;         // on rank 0 only
};

// How a request is treated that breaks no rule and yet cannot be made here and now: its image is missing, the
// checkpoint has no sound, the scheduler cannot compute its schedule.
enum class Unmakeable { FailsAlone, IsRefused };

// The requests of the manifest, checked against what this version and this checkpoint can do; their request_json is
// left out, which a run alone needs. `checkpoint` is null where it has been refused already. Throws one InputError with
// a line for every problem.
std::vector<ClipJob> plan_jobs(const Options& options, const CheckpointFiles* checkpoint,
                               Unmakeable unmakeable = Unmakeable::FailsAlone);

// What `plan` and `validate` estimate the run's time and memory from.
RunShape run_shape_of(const Options& options);

// The jobs of one shard, in their order.
std::vector<ClipJob> jobs_of(ManifestShard shard, std::vector<ClipJob> jobs);

// Sets the jobs whose files are in OUT aside, and marks those that go on from a snapshot. A finished latent file or a
// snapshot that was made from another request or checkpoint is an InputError, unless --force makes everything again.
RunPlan skip_complete(std::vector<ClipJob> jobs, const Options& options, const CheckpointFiles& checkpoint);

// What the other ranks need of rank 0's plan, as bytes: the jobs without their request_json, and the ids that are
// complete. A text that several clips share is sent once, and shared again by what is decoded.
std::string encode_plan(const RunPlan& plan);

// The inverse of encode_plan. Throws Error when `bytes` are not what it made.
RunPlan decode_plan(std::string_view bytes);

}  // namespace orrery
