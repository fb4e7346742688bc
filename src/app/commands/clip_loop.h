#pragma once

#include <functional>
#include <string>

#include "app/commands/run_context.h"
#include "app/commands/run_plan.h"
#include "app/outputs/clip_records.h"
#include "pipeline/generate.h"
#include "pipeline/progress.h"

namespace orrery {

// Returns why a clip's files cannot be written now, or "". Throws Error when no more files can be written at all.
using OutProblem = std::function<std::string(const ClipJob& job)>;

// Makes the clips of `plan` one after another, until the ranks agree to stop or, with --on-error stop, a clip has
// failed. `generator` delivers results to `records`. A clip is recorded as failed without being made when it was
// refused, continues a failed clip, or when `out_problem`, called on rank 0, returns a reason. On return, all clips
// that were begun have been delivered. Collective over the world.
void make_clips(const RunPlan& plan, Generator& generator, ClipRecords& records, const OutProblem& out_problem,
                Progress& progress, RunContext& context);

}  // namespace orrery
