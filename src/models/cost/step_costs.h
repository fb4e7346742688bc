#pragma once

#include <map>
#include <string>

#include "app/bench/breakdown.h"
#include "app/bench/ceilings.h"
#include "models/cost/layer_work.h"
#include "models/cosmos3/media.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {

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
