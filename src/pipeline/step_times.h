#pragma once

#include <vector>

#include "parallel/device_clock.h"

namespace orrery {

// How long each of a clip's steps takes, where it happens: a mark behind each of them, which nothing waits for.
class StepTimes {
 public:
  explicit StepTimes(c10::Device device) : clock_(device) {}

  // Before the first step, and behind each.
  void mark() { marks_.push_back(clock_.mark()); }
  // Of the steps between the marks, once all work of the device is done.
  std::vector<double> seconds() const {
    std::vector<double> seconds;
    for (std::size_t i = 1; i < marks_.size(); ++i) seconds.push_back(marks_[i - 1].ms_until(marks_[i]) / 1e3);
    return seconds;
  }

 private:
  DeviceClock clock_;
  std::vector<DeviceClock::Mark> marks_;
};

}  // namespace orrery
