#pragma once

#include "bench/ranks.h"
#include "bench/report.h"
#include "bench/timer.h"
#include "wan/config.h"

namespace orrery {

// Measures each convolution of the decoder alone, for one latent frame of height × width cells, with its memory laid
// out in every way that could be fast. Puts a line each into `report`, if one is given, and returns the milliseconds of
// all the convolutions that a latent frame needs, each in its best way. Collective.
double measure_decoder_ceiling(const WanConfig& config, std::int64_t height, std::int64_t width,
                               const BenchRanks& ranks, const Timer& timer, Report* report);

}  // namespace orrery
