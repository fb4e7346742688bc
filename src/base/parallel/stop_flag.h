#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/parallel/comm.h"

namespace orrery {

// Makes SIGINT, SIGTERM and SIGUSR1 only be noted until the process ends, and forgets signals noted earlier. The
// default handlers never return: launchers send SIGTERM more than once, and the second one must not interrupt the
// snapshot. Only a SIGINT more than a second after the first signal, a second ctrl-C, ends the process at once.
void note_stop_signals();

// The first signal noted, or 0.
int noted_stop_signal() noexcept;

// Limits at which a run stops without being asked.
struct StopLimits {
  std::optional<std::int64_t> steps;                            // denoising steps of this run over all its requests
  std::optional<std::chrono::system_clock::time_point> moment;  // the job's end: everything must be written by then
};

// Lets all ranks agree on when to stop, since signals reach them at different moments, or only one of them. From its
// construction on, SIGINT, SIGTERM and SIGUSR1 ask for a stop (note_stop_signals). One object at a time in a process.
class StopFlag {
 public:
  // `world` must outlive it.
  StopFlag(const Comm& world, StopLimits limits);

  // Counts a denoising step of this run. Every rank must call it.
  void step_done() { ++steps_; }

  // True on all ranks when any of them was signalled, when the steps are used up, or when the work until the next call,
  // `seconds_ahead` by this rank's estimate, would end too late for the limit. Once true, it stays true. One small
  // all-reduce. Collective.
  bool agree(double seconds_ahead = 0);

  // Whether even work that is cheap to repeat has to be abandoned, as far as this rank knows: there was a signal, or
  // the time is up. Not collective.
  bool urgent() const;

  // Why the ranks agreed to stop, in words: "SIGUSR1", "the time limit", "the step limit"; "" when they did not.
  std::string reason() const;

 private:
  bool too_late(double seconds_ahead) const;
  int own_code(double seconds_ahead) const;

  const Comm* world_;
  StopLimits limits_;
  std::int64_t steps_ = 0;
  int code_ = 0;  // agreed: 0, a cause, or kSignals + the signal
};

}  // namespace orrery
