#pragma once

#include <map>
#include <string>

#include "bench/breakdown.h"
#include "bench/ceilings.h"
#include "bench/context.h"
#include "cosmos3/gen_tower.h"

namespace orrery {

// Of the phases of a denoise step, by name, for tensors of `element` bytes a number and a clip without sound; with
// tensor parallelism every part of the rows is a call of its own.
std::map<std::string, PhaseCost> step_costs(const LayerWork& work, const MediaShape& shape, RowFormat products_format,
                                            const LayerCeilings& ceilings, double element);

// Measures a guidance branch and a whole denoise step of `tower`, which was built of the model's `config`, with texts
// of random keys and values; then the step's phases and kernels. Collective.
void bench_step(const GenTower& tower, const Cosmos3Config& config, const MediaShape& shape, const LayerWork& work,
                const LayerCeilings& ceilings, const BenchContext& context);

}  // namespace orrery
