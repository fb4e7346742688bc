#pragma once

#include <cstdint>

#include "models/cosmos3/media.h"
#include "pipeline/request.h"

namespace orrery {

// The shape of a request's latents; `channels`: of the video latents.
MediaShape media_shape(const Request& request, std::int64_t channels);

}  // namespace orrery
