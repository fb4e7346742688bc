#pragma once

#include <string>
#include <string_view>

#include "app/commands/run_plan.h"

namespace orrery {

// What the other ranks need of rank 0's plan, as bytes: the jobs without their request_json, and the ids that are
// complete. A text that several clips share is sent once, and shared again by what is decoded.
std::string encode_plan(const RunPlan& plan);

// The inverse of encode_plan. Throws Error when `bytes` are not what it made.
RunPlan decode_plan(std::string_view bytes);

}  // namespace orrery
