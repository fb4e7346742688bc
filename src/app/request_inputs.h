#pragma once

#include <string>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// What keeps a request that breaks no rule from being made here: an image or a latent file that is not there or cannot
// be read, sound that the checkpoint does not have. Each "FIELD: REASON"; empty: nothing. Files are not opened.
std::vector<std::string> missing_inputs(const Request& request, bool checkpoint_has_sound);

}  // namespace orrery
