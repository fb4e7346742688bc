#pragma once

#include <string>

#include "app/cli/options.h"

namespace orrery {

// `orrery validate`: makes every check that `run` would make before its first weight, by the same functions, and leaves
// no trace. Returns a short table of what was found. Throws one InputError with a line for each problem of all checks,
// among them requests that `run` would let fail alone.
std::string validate(const Options& options);

}  // namespace orrery
