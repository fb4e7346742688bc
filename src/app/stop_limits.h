#pragma once

#include "app/options.h"
#include "parallel/stop_flag.h"

namespace orrery {

// --stop-after-steps, and the earlier of --time-limit from now on and the end of the Slurm job, which
// SLURM_JOB_END_TIME gives in seconds since 1970.
StopLimits stop_limits(const Options& options);

}  // namespace orrery
