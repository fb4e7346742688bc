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

// Asks NVML for a GPU's clocks a few times a second, beside the measurements: a GPU at rest tells nothing. Where there
// is no NVML, or it doesn't know the GPU, nothing is ever seen.
class ClockWatch {
 public:
  // `nvml` may be null.
  ClockWatch(std::unique_ptr<Nvml> nvml, std::string uuid);
  ClockWatch(const ClockWatch&) = delete;
  ClockWatch& operator=(const ClockWatch&) = delete;
  ~ClockWatch();

  // The middle of what was seen since the last call; of an earlier time if nothing was. Null before the first sight.
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
