#pragma once

#include <array>

#include "models/cost/layer_work.h"
#include "app/bench/ranks.h"
#include "app/bench/record.h"
#include "app/bench/report.h"
#include "app/bench/timer.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {

// What the device does with the operations of one layer, each alone and at exactly the layer's size: nothing built of
// them is faster. Attention by the fastest of the ranks' kernels.
struct LayerCeilings {
  double attention_ms = 0;
  std::array<double, 4> product_ms{};  // in order of LayerWork::products()
  double in_turn_ms = 0;               // all of these one after the other, for seconds: with a hot chip's clocks
  double copy_gbps = 0;                // a large copy on the device, read and written bytes counted

  // Attention and the four products.
  double layer_ms() const;
  // To move `bytes` through the device's memory.
  double copy_ms(double bytes) const { return copy_gbps > 0 ? bytes / copy_gbps / 1e6 : 0; }
};

// Measures them and puts a line each into `report`, if one is given; then also attention by every kernel with fewer
// heads and with uneven keys. `products`: what these compute in. Collective over all ranks.
LayerCeilings measure_layer_ceilings(const LayerWork& work, const BenchRanks& ranks, const Timer& timer,
                                     RowFormat products, Report* report);

}  // namespace orrery
