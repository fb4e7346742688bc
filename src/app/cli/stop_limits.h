#pragma once

#include <chrono>

#include "app/cli/options.h"
#include "app/manifest/manifest_shard.h"
#include "base/parallel/stop_flag.h"

namespace orrery {

// --stop-after-steps, and the earlier of --time-limit from now on and the end of the Slurm job, which
// SLURM_JOB_END_TIME gives in seconds since 1970. Throws InputError when that moment is past.
StopLimits stop_limits(const Options& options, const Environment& variable = environment_variable,
                       std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

}  // namespace orrery
