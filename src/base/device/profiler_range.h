#pragma once

#include "base/device/gpu.h"

namespace orrery {

// A named stretch of this thread's work, for profilers that listen to NVTX. Without one it costs some nanoseconds, in a
// program built without CUDA nothing is done.
class ProfilerRange {
 public:
  explicit ProfilerRange(const char* name) { begin_profiler_range(name); }
  ProfilerRange(const ProfilerRange&) = delete;
  ProfilerRange& operator=(const ProfilerRange&) = delete;
  ~ProfilerRange() { end_profiler_range(); }
};

}  // namespace orrery
