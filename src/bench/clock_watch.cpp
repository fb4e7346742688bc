#include "bench/clock_watch.h"

#include <array>
#include <cstdio>
#include <memory>

#include "bench/statistics.h"

namespace orrery {
namespace {

constexpr std::chrono::milliseconds kPause{300};

double middle(const std::vector<GpuState>& states, double GpuState::*member) {
  std::vector<double> values;
  for (const GpuState& state : states) values.push_back(state.*member);
  return spread_of(std::move(values)).median;
}

}  // namespace

std::optional<GpuState> parse_gpu_state(const std::string& line) {
  GpuState state;
  const int read = std::sscanf(line.c_str(), "%lf , %lf , %lf , %lf", &state.sm_mhz, &state.memory_mhz, &state.power_w,
                               &state.temperature_c);
  return read == 4 ? std::optional(state) : std::nullopt;
}

ClockWatch::ClockWatch(const std::string& gpu) {
  std::string command =
      "nvidia-smi --query-gpu=clocks.sm,clocks.mem,power.draw,temperature.gpu "
      "--format=csv,noheader,nounits -i ";
  command.append(gpu).append(" 2>/dev/null");
  thread_ = std::thread([this, command] { watch(command); });
}

ClockWatch::~ClockWatch() {
  {
    const std::lock_guard lock(mutex_);
    leave_ = true;
  }
  leaving_.notify_all();
  thread_.join();
}

void ClockWatch::watch(const std::string& command) {
  for (;;) {
    const std::optional<GpuState> state = ask(command);
    std::unique_lock lock(mutex_);
    if (!state) return;
    states_.push_back(*state);
    if (leaving_.wait_for(lock, kPause, [this] { return leave_; })) return;
  }
}

std::optional<GpuState> ClockWatch::ask(const std::string& command) const {
  struct Close {
    void operator()(std::FILE* pipe) const { ::pclose(pipe); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "r"));
  std::array<char, 256> line{};
  if (!pipe || std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) == nullptr) return std::nullopt;
  return parse_gpu_state(line.data());
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
