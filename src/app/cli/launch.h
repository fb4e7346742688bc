#pragma once

#include <string>

#include "app/cli/options.h"
#include "app/manifest/manifest_shard.h"

namespace orrery {

// What is wrong when srun started several tasks of this program that do not know of each other: `ranks` is 1 in each,
// and all of them would do the same work; or "". Tasks with a --shard of their own, and ranks of mpirun, whatever step
// its daemons run in, are no such tasks.
std::string lone_task_problem(const Options& options, int ranks, const Environment& variable = environment_variable);

}  // namespace orrery
