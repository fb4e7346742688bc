#pragma once

#include <chrono>
#include <ctime>
#include <thread>

namespace orrery {

// Waits until the clock shows another second: for files whose writers note the time in seconds.
inline void wait_for_next_second() {
  const std::time_t now = std::time(nullptr);
  while (std::time(nullptr) == now) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace orrery
