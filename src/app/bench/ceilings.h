#pragma once

#include "app/bench/ranks.h"
#include "app/bench/record.h"
#include "app/bench/report.h"
#include "app/bench/timer.h"
#include "models/cost/layer_work.h"
#include "models/cost/step_costs.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {

// Measures them and puts a line each into `report`, if one is given; then also attention by every kernel with fewer
// heads and with uneven keys. `products`: what these compute in. Collective over all ranks.
LayerCeilings measure_layer_ceilings(const LayerWork& work, const BenchRanks& ranks, const Timer& timer,
                                     RowFormat products, Report* report);

}  // namespace orrery
