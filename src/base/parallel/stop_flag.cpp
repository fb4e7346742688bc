#include "base/parallel/stop_flag.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "base/core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kSecondInterrupt = 1'000'000'000;  // nanoseconds after the first signal

std::atomic<int> noted{0};
std::atomic<std::int64_t> noted_at{0};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);

std::int64_t nanoseconds_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

extern "C" void note_signal(int signal) {
  int none = 0;
  if (noted.compare_exchange_strong(none, signal)) {
    noted_at = nanoseconds_now();
  } else if (signal == SIGINT && nanoseconds_now() - noted_at > kSecondInterrupt) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
}

// Causes of a stop. When ranks have different ones, the largest code wins.
constexpr int kSteps = 1;
constexpr int kTime = 2;
constexpr int kSignals = 100;

// Time reserved for closing files and finalizing MPI.
constexpr double kSecondsToLeave = 2;

std::string signal_name(int signal) {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "SIGUSR1";
  }
}

}  // namespace

void note_stop_signals() {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;  // libraries do not expect their reads and writes to be interrupted
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    if (::sigaction(signal, &action, nullptr) != 0) fail("listen for signals", std::strerror(errno));
  }
}

int noted_stop_signal() noexcept { return noted; }

StopFlag::StopFlag(const Comm& world, StopLimits limits) : world_(&world), limits_(limits) { note_stop_signals(); }

bool StopFlag::too_late(double seconds_ahead) const {
  if (!limits_.moment) return false;
  const std::chrono::duration<double> left = *limits_.moment - std::chrono::system_clock::now();
  return left.count() < seconds_ahead + kSecondsToLeave;
}

int StopFlag::own_code(double seconds_ahead) const {
  if (const int signal = noted_stop_signal(); signal != 0) return kSignals + signal;
  if (too_late(seconds_ahead)) return kTime;
  return limits_.steps && steps_ >= *limits_.steps ? kSteps : 0;
}

bool StopFlag::agree(double seconds_ahead) {
  if (code_ == 0) code_ = world_->max(own_code(seconds_ahead));
  return code_ != 0;
}

bool StopFlag::urgent() const { return code_ >= kTime || noted_stop_signal() != 0 || too_late(0); }

std::string StopFlag::reason() const {
  switch (code_) {
    case 0:
      return "";
    case kSteps:
      return "the step limit";
    case kTime:
      return "the time limit";
    default:
      return signal_name(code_ - kSignals);
  }
}

}  // namespace orrery
