#pragma once

#include <functional>
#include <map>
#include <string>

#include "app/bench/context.h"
#include "models/cost/step_costs.h"

namespace orrery {

// Work that is reported in its parts.
struct BrokenDown {
  std::string what;  // the part of the benchmark
  std::string of;    // the work in words: "step"
  std::function<void()> work;
};

// Runs the work once and reports a line for each of its phases, then "the rest". Times are rank 0's own and include its
// waiting for other ranks, so that they add up to the whole. Collective.
void report_phases(const BrokenDown& subject, const std::map<std::string, PhaseCost>& costs,
                   const BenchContext& context);

// Runs the work once under the profiler and reports rank 0's slowest kernels, as many as the settings ask for. Does
// nothing when they ask for none. Collective.
void report_kernels(const BrokenDown& subject, const BenchContext& context);

}  // namespace orrery
