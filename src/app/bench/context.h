#pragma once

#include "app/bench/ranks.h"
#include "app/bench/report.h"
#include "app/bench/settings.h"
#include "app/bench/timer.h"

namespace orrery {

// What every part of a benchmark works with.
struct BenchContext {
  const BenchSettings& settings;
  const BenchRanks& ranks;
  const Timer& timer;
  Report& report;
};

}  // namespace orrery
