#pragma once

#include "app/bench/context.h"
#include "models/cosmos3/gen_tower.h"

namespace orrery {

// What rank 0 gets by reading the files of the transformer one after another, 16 MiB at a time, as dd does: in GB/s,
// for the loads to be compared with. 0 when the weights are made, not read. Collective.
double bench_plain_read(const BenchModel& model, const BenchContext& context);

// Reads or makes this rank's share of the media tower's weights; puts how long that took into `report`, if one is
// given. `plain_gbps`: bench_plain_read's, or 0. Collective.
GenTower load_media_tower(const BenchModel& model, const BenchContext& context, double plain_gbps, Report* report);

// The same for the text tower, which is gone again afterwards. Collective.
void bench_text_tower_load(const BenchModel& model, const BenchContext& context, double plain_gbps);

}  // namespace orrery
