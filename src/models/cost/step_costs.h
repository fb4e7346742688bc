#pragma once

#include <array>
#include <map>
#include <string>

#include "models/cosmos3/media.h"
#include "models/cost/layer_work.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {

// What one call of a phase computes and moves at least, and what the ceilings allow for it; 0: not known.
struct PhaseCost {
  double flops = 0;
  double bytes = 0;
  double best_ms = 0;
};

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

// What a call of each phase costs, by the phase's name. Tensors have `element` bytes a number.
using PhaseCosts = std::map<std::string, PhaseCost>;

// Of a layer: with tensor parallelism every part of the rows is a call of its own.
PhaseCosts layer_costs(const LayerWork& work, RowFormat products, const LayerCeilings& ceilings, double element);
// Of what a branch does before and after its layers; of a clip with sound as if its tokens were all of the video.
PhaseCosts branch_costs(const LayerWork& work, const MediaShape& shape, const LayerCeilings& ceilings, double element);
// Of what a step does after its branches.
PhaseCosts sampler_costs(const MediaShape& shape, const LayerCeilings& ceilings);

// Of all phases of a denoise step.
PhaseCosts step_costs(const LayerWork& work, const MediaShape& shape, RowFormat products, const LayerCeilings& ceilings,
                      double element);

}  // namespace orrery
