#include "base/parallel/stop_flag.h"

#include <csignal>

#include "base/parallel/stop_signals.h"

namespace orrery {
namespace {

// The larger code wins where ranks have several reasons.
constexpr int kSteps = 1;
constexpr int kTime = 2;
constexpr int kSignals = 100;

// To close files and leave MPI.
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
