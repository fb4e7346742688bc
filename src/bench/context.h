#pragma once

#include "bench/ranks.h"
#include "bench/report.h"
#include "bench/settings.h"
#include "bench/timer.h"

namespace orrery {

// What every part of a benchmark works with.
struct BenchContext {
  const BenchSettings& settings;
  const BenchRanks& ranks;
  const Timer& timer;
  Report& report;
};

}  // namespace orrery
