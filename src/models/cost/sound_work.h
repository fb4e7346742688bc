#pragma once

#include <cstdint>

#include "models/audio/config.h"

namespace orrery {

// Floating-point operations of decoding a sound latent of `steps` steps.
double sound_flops(const SoundConfig& config, std::int64_t steps);

}  // namespace orrery
