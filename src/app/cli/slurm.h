#pragma once

#include <chrono>
#include <string>

#include "app/cli/options.h"
#include "app/manifest/manifest_shard.h"
#include "base/parallel/stop_flag.h"

namespace orrery {

// A message when srun started several tasks without connecting them by MPI, so that `ranks` is 1 in each and all would
// do the same work; otherwise "". Tasks that each have a --shard are accepted, and so are ranks of mpirun, in whatever
// job step its daemons run.
std::string lone_task_problem(const Options& options, int ranks, const Environment& variable = environment_variable);

// The limits at which the run stops: --stop-after-steps, and the earlier of `now` + --time-limit and the end of the
// Slurm job, which SLURM_JOB_END_TIME gives in seconds since 1970. Throws InputError when that end is past.
StopLimits stop_limits(const Options& options, const Environment& variable = environment_variable,
                       std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

}  // namespace orrery
