#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// Few-step (distilled) checkpoints make every clip in the `steps` steps that they were trained for, without guidance
// (MODES.md C): a request says nothing of that. What it leaves to the defaults is not asked for.

// What a request asks of such a checkpoint in vain, each "FIELD: REASON"; empty: nothing.
std::vector<std::string> few_step_problems(const Request& request, std::int64_t steps);

// The request without such problems as the checkpoint makes it: its steps, one branch, every step computed.
void take_few_steps(Request& request, std::int64_t steps);

}  // namespace orrery
