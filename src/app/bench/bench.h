#pragma once

#include "app/bench/context.h"
#include "app/bench/report.h"
#include "app/bench/settings.h"
#include "base/core/log.h"

namespace orrery {

// Measures what the settings ask for, a line each into `report`, with the ceilings that the lines are compared with
// measured first. Collective over all ranks; only rank 0's report should print.
void run_bench(const BenchModel& model, const BenchSettings& settings, const BenchRanks& ranks, Report& report,
               const Log& log);

}  // namespace orrery
