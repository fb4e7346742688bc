#pragma once

#include "bench/ranks.h"
#include "bench/report.h"
#include "bench/settings.h"
#include "bench/timer.h"
#include "cosmos3/gen_tower.h"

namespace orrery {

// Reads or makes this rank's share of the media tower's weights; puts how long that took into `report`, if one is
// given. Collective.
GenTower load_media_tower(const BenchModel& model, const BenchRanks& ranks, const Timer& timer, Report* report);

// The same for the text tower, which is gone again afterwards. Collective.
void bench_text_tower_load(const BenchModel& model, const BenchRanks& ranks, const Timer& timer, Report& report);

}  // namespace orrery
