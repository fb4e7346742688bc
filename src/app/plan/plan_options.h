#pragma once

#include <filesystem>

#include "app/plan/machine_profile.h"

namespace orrery {

// The machine that a plan is made for.
struct PlanOptions {
  int gpus = 0;  // every way to use up to so many; 0: the run's own grid
  GpuKind gpu = GpuKind::H200;
  double gpu_memory = 0;          // 10^9 bytes; 0: what such a GPU has
  std::filesystem::path profile;  // lines of bench; empty: built-in figures
};

}  // namespace orrery
