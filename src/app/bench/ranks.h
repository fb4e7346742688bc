#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "base/parallel/collectives.h"
#include "base/parallel/comm.h"
#include "base/parallel/process_grid.h"
#include "models/nn/attention.h"

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
