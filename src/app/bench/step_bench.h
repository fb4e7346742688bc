#pragma once

#include "app/bench/ceilings.h"
#include "app/bench/context.h"
#include "models/cosmos3/gen_tower.h"

namespace orrery {

// Measures a guidance branch and a whole denoise step of `tower`, which was built of the model's `config`, with texts
// of random keys and values; then the step's phases and kernels. Collective.
void bench_step(const GenTower& tower, const Cosmos3Config& config, const MediaShape& shape, const LayerWork& work,
                const LayerCeilings& ceilings, const BenchContext& context);

}  // namespace orrery
