#include "app/bench/clock_watch.h"

#include <optional>
#include <utility>

#include "app/bench/report.h"

namespace orrery {
namespace {

constexpr std::chrono::milliseconds kPause{300};

double middle(const std::vector<GpuState>& states, double GpuState::*member) {
  std::vector<double> values;
  for (const GpuState& state : states) values.push_back(state.*member);
  return spread_of(std::move(values)).median;
}

}  // namespace

ClockWatch::ClockWatch(std::unique_ptr<Nvml> nvml, std::string uuid) : nvml_(std::move(nvml)), uuid_(std::move(uuid)) {
  thread_ = std::thread([this] { watch(); });
}

ClockWatch::~ClockWatch() {
  {
    const std::lock_guard lock(mutex_);
    leave_ = true;
  }
  leaving_.notify_all();
  thread_.join();
}

void ClockWatch::watch() {
  for (;;) {
    const std::optional<GpuState> state = nvml_ ? nvml_->state(uuid_) : std::nullopt;
    std::unique_lock lock(mutex_);
    if (!state) return;
    states_.push_back(*state);
    if (leaving_.wait_for(lock, kPause, [this] { return leave_; })) return;
  }
}

Json ClockWatch::seen() {
  const std::lock_guard lock(mutex_);
  if (!states_.empty()) {
    last_ = {{"sm_mhz", middle(states_, &GpuState::sm_mhz)},
             {"memory_mhz", middle(states_, &GpuState::memory_mhz)},
             {"power_w", middle(states_, &GpuState::power_w)},
             {"temperature_c", middle(states_, &GpuState::temperature_c)}};
  }
  states_.clear();
  return last_;
}

}  // namespace orrery
