#pragma once

#include <cstdint>
#include <vector>

#include "models/sampler/schedule.h"
#include "pipeline/request.h"

namespace orrery {

// How many passes of the transformer each step of a clip probably takes, one a guidance branch: none where a step cache
// leaves the layers out, one outside of the guidance interval. Estimated from the request alone (expected_computed());
// exact without a step cache.
std::vector<int> expected_passes(const Request& request, ScheduleKind schedule);

}  // namespace orrery
