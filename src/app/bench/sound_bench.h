#pragma once

#include "app/bench/context.h"
#include "models/audio/config.h"

namespace orrery {

// Measures the decoding of the clip's sound latent. The model has a sound decoder. Collective; every rank decodes.
void bench_sound(const BenchModel& model, const BenchContext& context);

}  // namespace orrery
