#pragma once

#include <algorithm>
#include <chrono>

namespace orrery {

// Seconds that this process was running while it waited for something to happen. Read at least once in kMost, it shows
// true time; where the process is stopped for longer, by a debugger or with the whole job by `scontrol suspend`, it
// stands still.
class AwakeClock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr double kMost = 1;  // seconds

  explicit AwakeClock(Time start) : last_(start) {}
  double seconds(Time now) {
    seconds_ += std::min(std::chrono::duration<double>(now - last_).count(), kMost);
    last_ = now;
    return seconds_;
  }

 private:
  Time last_;
  double seconds_ = 0;
};

}  // namespace orrery
