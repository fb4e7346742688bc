#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/bench/bench.h"
#include "base/device/device_events.h"
#include "models/cost/step_costs.h"

namespace orrery {

// The total over all launches of one kernel.
struct KernelTime {
  std::string name;  // demangled; on a CPU, the operator's name
  std::int64_t calls = 0;
  double ms = 0;
};

// Runs `work` under LibTorch's profiler. Returns all kernels of the device in decreasing order of total time; on a CPU,
// all operators, without the time of the operators that they call. Empty when the driver does not allow profiling.
std::vector<KernelTime> profile_kernels(at::Device device, const std::function<void()>& work);

// A C++ kernel's name without return type, arguments and common namespaces.
std::string readable_kernel(const std::string& name);

// The total over all phases with the same name.
struct PhaseTime {
  std::string name;  // "out product / all-reduce" for a nested phase, whose time does not count in the outer one
  std::int64_t calls = 0;
  double ms = 0;
};

// Times the named phases (models/nn/phase.h) of this thread during its lifetime. A thread may have only one.
class PhaseRecorder {
 public:
  explicit PhaseRecorder(const DeviceClock& clock);
  PhaseRecorder(const PhaseRecorder&) = delete;
  PhaseRecorder& operator=(const PhaseRecorder&) = delete;
  ~PhaseRecorder();

  // The times of all phases so far, in order of first appearance. Waits for the device.
  std::vector<PhaseTime> times() const;

 private:
  struct Visit {
    std::string name;
    std::optional<std::size_t> outer;  // index of the enclosing visit
    DeviceClock::Mark begin;
    std::optional<DeviceClock::Mark> end;
  };
  struct Callbacks;

  void enter(const char* name);
  void leave();

  const DeviceClock* clock_;
  std::uint64_t handle_ = 0;
  std::vector<Visit> visits_;
  std::optional<std::size_t> open_;  // the innermost visit that has not ended
};

// Work whose phases and kernels are reported.
struct BrokenDown {
  std::string what;  // the part of the benchmark
  std::string of;    // the work's name: "step"
  std::function<void()> work;
};

// Runs the work once and reports a line for each of its phases, then "the rest". Times are rank 0's and include waiting
// for other ranks, so they add up to the total. Collective.
void report_phases(const BrokenDown& subject, const std::map<std::string, PhaseCost>& costs,
                   const BenchContext& context);

// Runs the work once under the profiler and reports rank 0's slowest kernels, as many as the settings ask for; does
// nothing if that is 0. Collective.
void report_kernels(const BrokenDown& subject, const BenchContext& context);

}  // namespace orrery
