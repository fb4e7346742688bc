#pragma once

#include "bench/ranks.h"
#include "bench/report.h"
#include "bench/settings.h"
#include "bench/timer.h"
#include "cosmos3/media.h"

namespace orrery {

// Measures the decoding of a clip's latent, frame by frame, up to 8-bit pixels on the host; then the phases and kernels
// of one latent frame. `conv_ms`: what the convolutions of a latent frame take at best. Collective; every rank decodes
// the whole clip.
void bench_vae(const BenchModel& model, const MediaShape& shape, const BenchSettings& settings, const BenchRanks& ranks,
               double conv_ms, const Timer& timer, Report& report);

}  // namespace orrery
