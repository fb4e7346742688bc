#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/device/device_events.h"

namespace orrery {

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

}  // namespace orrery
