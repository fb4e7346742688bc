#pragma once

#include <map>
#include <string>

#include "app/bench/ranks.h"
#include "app/bench/report.h"
#include "app/bench/timer.h"
#include "models/wan/config.h"

namespace orrery {

// Milliseconds of each convolution alone in its best way, by DecoderConv::text().
using ConvCeilings = std::map<std::string, double>;

// Measures each size of convolution that the decoder has for one latent frame of height × width cells, with its memory
// laid out in every way that could be fast. Puts a line each into `report`, if one is given. Collective.
ConvCeilings measure_conv_ceilings(const WanConfig& config, std::int64_t height, std::int64_t width,
                                   const BenchRanks& ranks, const Timer& timer, Report* report);

}  // namespace orrery
