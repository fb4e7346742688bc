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

// What becomes of a request that cannot be made here and now, though it breaks no rule: an image that is not there,
// sound that the checkpoint does not have, a schedule that its scheduler cannot compute.
enum class Unmakeable { FailsAlone, IsRefused };

// The requests of the manifest, checked against what this version and this checkpoint can do; their request_json is
// left out, which a run alone needs. `checkpoint` is null where it has been refused already. Throws one InputError with
// a line for every problem.
std::vector<ClipJob> plan_jobs(const Options& options, const CheckpointFiles* checkpoint,
                               Unmakeable unmakeable = Unmakeable::FailsAlone);

// What `plan` and `validate` tell the run's time and memory from.
RunShape run_shape_of(const Options& options);

// The jobs of one shard, in their order.
std::vector<ClipJob> jobs_of(ManifestShard shard, std::vector<ClipJob> jobs);

// Sets the jobs whose files are in OUT aside, and marks those that go on from a snapshot. A finished latent file or a
// snapshot that was made from another request or checkpoint is an InputError, unless --force makes everything again.
RunPlan skip_complete(std::vector<ClipJob> jobs, const Options& options, const CheckpointFiles& checkpoint);

// A plan as text and back, to send it from rank 0 to the others. Texts that several clips share are sent once; names of
// files arrive as UTF-8, since rank 0 alone opens them.
std::string encode_plan(const RunPlan& plan);
RunPlan decode_plan(std::string_view text);

}  // namespace orrery
