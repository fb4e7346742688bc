#pragma once

#include <ATen/record_function.h>

#include <utility>

#include "base/device/gpu.h"

namespace orrery {

// Runs `work` as a phase with a name, for those who listen to LibTorch's record functions, as `orrery bench` does, and
// for profilers. Nobody listens in a run, and then it costs next to nothing.
template <class Work>
decltype(auto) phase(const char* name, Work&& work) {
  RECORD_USER_SCOPE(name);
  const ProfilerRange range(name);
  return std::forward<Work>(work)();
}

}  // namespace orrery
