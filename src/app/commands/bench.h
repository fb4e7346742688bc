#pragma once

#include "app/cli/options.h"
#include "base/parallel/comm.h"

namespace orrery {

// `orrery bench`: measures on all ranks, and rank 0 prints. Returns the exit code. Collective over `world`.
int bench(const Options& options, const Comm& world);

}  // namespace orrery
