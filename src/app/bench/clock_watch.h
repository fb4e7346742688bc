#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/core/json.h"
#include "base/device/nvml.h"

namespace orrery {

// Reads a GPU's clocks, power and temperature from NVML a few times a second while measurements run: of a GPU at rest
// they would mean nothing. Without NVML, or for a GPU that it does not know, nothing is ever read.
class ClockWatch {
 public:
  // `nvml` may be null.
  ClockWatch(std::unique_ptr<Nvml> nvml, std::string uuid);
  ClockWatch(const ClockWatch&) = delete;
  ClockWatch& operator=(const ClockWatch&) = delete;
  ~ClockWatch();

  // Medians of what was read since the last call, or those of the last call when nothing was; null before the first
  // reading.
  Json seen();

 private:
  void watch();

  std::unique_ptr<Nvml> nvml_;
  std::string uuid_;
  std::mutex mutex_;
  std::condition_variable leaving_;
  bool leave_ = false;
  std::vector<GpuState> states_;
  Json last_;
  std::thread thread_;
};

}  // namespace orrery
