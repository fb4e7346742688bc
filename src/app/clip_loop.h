#pragma once

#include "app/clip_records.h"
#include "app/run_context.h"
#include "app/run_plan.h"
#include "app/run_space.h"
#include "pipeline/generate.h"
#include "pipeline/progress.h"

namespace orrery {

// Makes the clips of `plan` one after another, until the ranks agree to stop or, with --on-error stop, one has failed.
// `generator` delivers to `records`; a clip that no work should go into (it is refused, continues one that failed, or
// the disk is full) fails there at once. Every clip that was begun is delivered at the end. Collective over the world.
void make_clips(const RunPlan& plan, Generator& generator, ClipRecords& records, const ClipSpace& space,
                Progress& progress, RunContext& context);

}  // namespace orrery
