#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/json.h"

namespace orrery {

// What one GPU said of itself.
struct GpuState {
  double sm_mhz = 0;
  double memory_mhz = 0;
  double power_w = 0;
  double temperature_c = 0;
};

// A line of nvidia-smi with these four numbers, comma-separated; nothing when it is anything else.
std::optional<GpuState> parse_gpu_state(const std::string& line);

// Asks nvidia-smi for a GPU's clocks a few times a second, beside the measurements: a GPU at rest tells nothing. Where
// there is no nvidia-smi, or it doesn't know the GPU, nothing is ever seen.
class ClockWatch {
 public:
  explicit ClockWatch(const std::string& gpu);  // as nvidia-smi -i takes it
  ClockWatch(const ClockWatch&) = delete;
  ClockWatch& operator=(const ClockWatch&) = delete;
  ~ClockWatch();

  // The middle of what was seen since the last call; of an earlier time if nothing was. Null before the first sight.
  Json seen();

 private:
  void watch(const std::string& command);
  std::optional<GpuState> ask(const std::string& command) const;

  std::mutex mutex_;
  std::condition_variable leaving_;
  bool leave_ = false;
  std::vector<GpuState> states_;
  Json last_;
  std::thread thread_;
};

}  // namespace orrery
