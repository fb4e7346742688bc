#pragma once

#include "base/device/gpu.h"

namespace orrery {

// A named range of this thread's work for profilers that read NVTX. Without a profiler it costs some nanoseconds; in a
// program built without CUDA it does nothing.
class ProfilerRange {
 public:
  explicit ProfilerRange(const char* name) { begin_profiler_range(name); }
  ProfilerRange(const ProfilerRange&) = delete;
  ProfilerRange& operator=(const ProfilerRange&) = delete;
  ~ProfilerRange() { end_profiler_range(); }
};

}  // namespace orrery
