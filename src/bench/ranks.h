#pragma once

#include <ATen/ATen.h>

#include "parallel/collectives.h"
#include "parallel/comm.h"
#include "parallel/process_grid.h"

namespace orrery {

// The ranks that measure, and what they compute on. All references outlive it.
struct BenchRanks {
  const Comm& world;
  Collectives& tp;
  Collectives& cfg;
  GridShape grid;
  at::Device device;
  at::ScalarType dtype;
};

}  // namespace orrery
