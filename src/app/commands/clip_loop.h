#pragma once

#include <functional>
#include <string>

#include "app/commands/run_context.h"
#include "app/commands/run_plan.h"
#include "app/outputs/clip_records.h"
#include "pipeline/generate.h"
#include "pipeline/progress.h"

namespace orrery {

// Why a clip's files cannot be written now, or "". Throws Error when nothing can be written any more.
using OutProblem = std::function<std::string(const ClipJob& job)>;

// Makes the clips of `plan` one after another, until the ranks agree to stop or, with --on-error stop, one has failed.
// `generator` delivers to `records`. A clip is recorded as failed at once when it was refused, continues one that
// failed, or when `out_problem`, asked on rank 0, gives a reason. All clips that were begun have been delivered on
// return. Collective over the world.
void make_clips(const RunPlan& plan, Generator& generator, ClipRecords& records, const OutProblem& out_problem,
                Progress& progress, RunContext& context);

}  // namespace orrery
