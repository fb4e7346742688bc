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

// Lower bounds: how long the operations of one layer take on the device, each measured alone and at exactly the layer's
// size. Attention by the fastest of the ranks' kernels.
struct LayerCeilings {
  double attention_ms = 0;
  std::array<double, 4> product_ms{};  // in order of LayerWork::products()
  double in_turn_ms = 0;               // all of these one after another, for seconds: at the clocks of a hot chip
  double copy_gbps = 0;                // a large copy on the device, read and written bytes counted

  // Attention and the four products.
  double layer_ms() const;
  // To move `bytes` through the device's memory.
  double copy_ms(double bytes) const { return copy_gbps > 0 ? bytes / copy_gbps / 1e6 : 0; }
};

// What a call of each phase costs, by the phase's name. Tensors have `element` bytes a number.
using PhaseCosts = std::map<std::string, PhaseCost>;

// The phases of a layer. With tensor parallelism every part of the rows is a call of its own.
PhaseCosts layer_costs(const LayerWork& work, RowFormat products, const LayerCeilings& ceilings, double element);
// The phases of a branch before and after its layers. All tokens are counted as the video's, whatever their stream.
PhaseCosts branch_costs(const LayerWork& work, const MediaShape& shape, const LayerCeilings& ceilings, double element);
// The phases of a step after its branches, for the video's latents.
PhaseCosts sampler_costs(const MediaShape& shape, const LayerCeilings& ceilings);

// All phases of a denoise step.
PhaseCosts step_costs(const LayerWork& work, const MediaShape& shape, RowFormat products, const LayerCeilings& ceilings,
                      double element);

}  // namespace orrery
