#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "app/bench/report.h"
#include "app/bench/settings.h"
#include "app/bench/timer.h"
#include "base/parallel/collectives.h"
#include "base/parallel/comm.h"
#include "base/parallel/process_grid.h"
#include "models/nn/attention.h"

namespace orrery {

// The ranks that measure, their device and their kernels. What is referred to must outlive the object.
struct BenchRanks {
  const Comm& world;
  Collectives& tp;
  Collectives& cfg;
  GridShape grid;
  at::Device device;
  at::ScalarType dtype;
  NamedAttention attention = {};                     // for the steps
  std::vector<NamedAttention> all_attention = {{}};  // for the ceilings; includes `attention`
};

// What every part of a benchmark works with.
struct BenchContext {
  const BenchSettings& settings;
  const BenchRanks& ranks;
  const Timer& timer;
  Report& report;
};

}  // namespace orrery
