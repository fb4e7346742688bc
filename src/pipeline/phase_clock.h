#pragma once

#include <ATen/ATen.h>

#include <string>

#include "base/core/stopwatch.h"
#include "base/device/device_memory.h"

namespace orrery {

// Shares all of a request's wall time out among its phases: a phase lasts from the end of the one before it until its
// own work on the device is done.
class PhaseClock {
 public:
  // `times` must outlive the object.
  PhaseClock(PhaseTimes& times, at::Device device) : times_(&times), device_(device) {}
  // Leaves the time since the last phase out of this request's.
  void skip() { watch_.restart(); }
  void end(const std::string& phase) {
    finish_work(device_);
    times_->add(phase, watch_.seconds());
    watch_.restart();
  }

 private:
  PhaseTimes* times_;
  at::Device device_;
  Stopwatch watch_;
};

}  // namespace orrery
