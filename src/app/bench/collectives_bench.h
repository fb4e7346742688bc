#pragma once

#include "app/bench/context.h"
#include "models/cosmos3/media.h"
#include "models/cost/layer_work.h"

namespace orrery {

// Measures what the ranks exchange: over tp the sum of a layer's (tokens, hidden), over cfg the joining of the
// branches' velocities. A group of one exchanges nothing and has no line. Collective.
void bench_collectives(const LayerWork& work, const MediaShape& shape, const BenchContext& context);

}  // namespace orrery
