#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// Few-step (distilled) checkpoints make every clip in the `steps` steps that they were trained for, without guidance
// (MODES.md C). Requests should leave these fields out; values that equal the built-in defaults count as left out.

// The settings of a request that such a checkpoint cannot follow, each "FIELD: REASON".
std::vector<std::string> few_step_problems(const Request& request, std::int64_t steps);

// Sets the checkpoint's own settings in a request without such problems: `steps` steps, one branch, no step cache.
void take_few_steps(Request& request, std::int64_t steps);

}  // namespace orrery
