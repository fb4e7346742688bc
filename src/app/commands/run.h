#pragma once

#include "app/cli/options.h"
#include "base/parallel/comm.h"

namespace orrery {

// `orrery run`: every clip of the manifest that OUT does not have yet. Collective over `world`, whose ranks all have
// the same options. Returns the exit code: 0 all done, 1 some requests failed. Throws InputError before any weight is
// read when the input is refused.
int run(const Options& options, const Comm& world);

}  // namespace orrery
