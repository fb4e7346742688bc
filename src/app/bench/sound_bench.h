#pragma once

#include "models/audio/config.h"
#include "app/bench/context.h"

namespace orrery {

// Floating-point operations of a sound latent of `steps` steps.
double sound_flops(const SoundConfig& config, std::int64_t steps);

// Measures the decoding of the clip's sound latent. The model has a sound decoder. Collective; every rank decodes.
void bench_sound(const BenchModel& model, const BenchContext& context);

}  // namespace orrery
