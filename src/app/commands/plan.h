#pragma once

#include <ostream>

#include "app/cli/options.h"

namespace orrery {

// `orrery plan`: what the manifest takes of memory, time and GPU hours, without a GPU. Throws InputError where run
// would refuse.
void plan(const Options& options, std::ostream& out);

}  // namespace orrery
