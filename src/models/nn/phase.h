#pragma once

#include <ATen/record_function.h>

#include <utility>

#include "base/device/gpu.h"

namespace orrery {

// Runs `work` as a named phase, which profilers and observers of LibTorch's record functions (`orrery bench`) see.
// Costs almost nothing without an observer, as in a run.
template <class Work>
decltype(auto) phase(const char* name, Work&& work) {
  RECORD_USER_SCOPE(name);
  const ProfilerRange range(name);
  return std::forward<Work>(work)();
}

}  // namespace orrery
