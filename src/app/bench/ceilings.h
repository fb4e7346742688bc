#pragma once

#include <map>
#include <string>

#include "app/bench/context.h"
#include "app/bench/report.h"
#include "app/bench/timer.h"
#include "models/cost/step_costs.h"
#include "models/kernels/scaled_rows.h"
#include "models/wan/config.h"

namespace orrery {

// Measures each part of a layer by itself, a line each into `report`, which may be null. With a report on a GPU, it
// also measures attention by every kernel with fewer heads and with odd numbers of tokens. `products`: the format of
// the matrix products. Collective over all ranks.
LayerCeilings measure_layer_ceilings(const LayerWork& work, const BenchRanks& ranks, const Timer& timer,
                                     RowFormat products, Report* report);

// Milliseconds of each convolution by itself, with the fastest kernel and memory format, by DecoderConv::text().
using ConvCeilings = std::map<std::string, double>;

// Measures each size of convolution in the decoder for one latent frame of height × width cells, in every memory format
// that could be fast, a line each into `report`, which may be null. Collective.
ConvCeilings measure_conv_ceilings(const WanConfig& config, std::int64_t height, std::int64_t width,
                                   const BenchRanks& ranks, const Timer& timer, Report* report);

}  // namespace orrery
