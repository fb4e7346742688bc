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

// All launches of one kernel.
struct KernelTime {
  std::string name;  // as the compiler made it; on a CPU the operator's
  std::int64_t calls = 0;
  double ms = 0;
};

// Runs `work` under LibTorch's profiler. Returns every kernel of the device, the longest total first; on a CPU every
// operator, without the time of the operators that it calls. Empty where the driver allows no profiling.
std::vector<KernelTime> profile_kernels(at::Device device, const std::function<void()>& work);

// A C++ kernel's name without return type, arguments and the namespaces that all kernels share.
std::string readable_kernel(const std::string& name);

// The time of all phases of one name.
struct PhaseTime {
  std::string name;  // "out product / all-reduce" for a phase within another; its time counts here alone
  std::int64_t calls = 0;
  double ms = 0;
};

// While it lives, times the named phases (models/nn/phase.h) that this thread goes through. A thread has at most one.
class PhaseRecorder {
 public:
  explicit PhaseRecorder(const DeviceClock& clock);
  PhaseRecorder(const PhaseRecorder&) = delete;
  PhaseRecorder& operator=(const PhaseRecorder&) = delete;
  ~PhaseRecorder();

  // Times of all phases so far, in the order of their first appearance. Waits for the device.
  std::vector<PhaseTime> times() const;

 private:
  struct Visit {
    std::string name;
    std::optional<std::size_t> outer;  // index of the visit around it
    DeviceClock::Mark begin;
    std::optional<DeviceClock::Mark> end;
  };
  struct Callbacks;

  void enter(const char* name);
  void leave();

  const DeviceClock* clock_;
  std::uint64_t handle_ = 0;
  std::vector<Visit> visits_;
  std::optional<std::size_t> open_;  // the innermost visit that is going on
};

// Work that is reported in its parts.
struct BrokenDown {
  std::string what;  // the part of the benchmark
  std::string of;    // the work in words: "step"
  std::function<void()> work;
};

// Runs the work once and reports a line for each of its phases, then "the rest". Times are rank 0's own and include its
// waiting for other ranks, so that they add up to the whole. Collective.
void report_phases(const BrokenDown& subject, const std::map<std::string, PhaseCost>& costs,
                   const BenchContext& context);

// Runs the work once under the profiler and reports rank 0's slowest kernels, as many as the settings ask for. Does
// nothing when they ask for none. Collective.
void report_kernels(const BrokenDown& subject, const BenchContext& context);

}  // namespace orrery
