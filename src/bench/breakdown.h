#pragma once

#include <functional>
#include <map>
#include <string>

#include "bench/ranks.h"
#include "bench/report.h"
#include "bench/timer.h"

namespace orrery {

// What one call of a phase computes and moves at least, and what the ceilings allow for it; 0: not known.
struct PhaseCost {
  double flops = 0;
  double bytes = 0;
  double best_ms = 0;
};

// Work that is reported in its parts.
struct BrokenDown {
  std::string what;  // the part of the benchmark
  std::string of;    // the work in words: "step"
  std::function<void()> work;
};

// Runs the work once and puts a line for each of its phases into `report`, then "the rest". Phases are rank 0's own, so
// that they add up: with the time that it waits for others. Collective.
void report_phases(const BrokenDown& subject, const std::map<std::string, PhaseCost>& costs, const BenchRanks& ranks,
                   const Timer& timer, Report& report);

// Runs the work once under the profiler, and puts a line into `report` for each of the `count` kernels of rank 0 that
// took the longest. Collective.
void report_kernels(const BrokenDown& subject, int count, const BenchRanks& ranks, Report& report);

}  // namespace orrery
