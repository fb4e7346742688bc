#pragma once

#include <ostream>

#include "app/cli/options.h"

namespace orrery {

// `orrery report OUT`: prints what the runs in OUT have made and what is left, over all shards, as a page or as JSON;
// with --watch again every few seconds until nothing is left. Reads the records alone: it may be used while runs are at
// work, from any host. Throws InputError for a folder that no run wrote.
void report(const Options& options, std::ostream& out);

}  // namespace orrery
