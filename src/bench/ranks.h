#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "nn/attention.h"
#include "parallel/collectives.h"
#include "parallel/comm.h"
#include "parallel/process_grid.h"

namespace orrery {

// The ranks that measure, what they compute on, and what with. All references outlive it.
struct BenchRanks {
  const Comm& world;
  Collectives& tp;
  Collectives& cfg;
  GridShape grid;
  at::Device device;
  at::ScalarType dtype;
  NamedAttention attention = {};                     // of the steps
  std::vector<NamedAttention> all_attention = {{}};  // of the ceilings, this one included
};

}  // namespace orrery
