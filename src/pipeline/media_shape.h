#pragma once

#include "models/cosmos3/config.h"
#include "models/cosmos3/media.h"
#include "pipeline/request.h"

namespace orrery {

// The shape of a request's latents.
MediaShape media_shape(const Request& request, const Cosmos3Config& config);

}  // namespace orrery
