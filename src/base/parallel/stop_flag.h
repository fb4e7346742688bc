#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/parallel/comm.h"

namespace orrery {

// When a run is to stop although nobody asks.
struct StopLimits {
  std::optional<std::int64_t> steps;                            // denoising steps of this run, over all its requests
  std::optional<std::chrono::system_clock::time_point> moment;  // the job's end: everything must be written by then
};

// Whether to stop, agreed by all ranks: signals reach them at different moments, or one of them alone. From its
// construction on, SIGINT, SIGTERM and SIGUSR1 ask for a stop (stop_signals.h). One at a time in a process.
class StopFlag {
 public:
  // `world` must outlive it.
  StopFlag(const Comm& world, StopLimits limits);

  // Counts a denoising step of this run. On every rank.
  void step_done() { ++steps_; }

  // True on all ranks when any of them was signalled, when the steps are used up, or when what comes before the next
  // question, `seconds_ahead` by this rank's estimate, would end too late for the limit. Once true, it stays. One small
  // reduction. Collective.
  bool agree(double seconds_ahead = 0);

  // Whether even work that is easily made again has to be left unfinished, as far as this rank knows: there was a
  // signal, or the time is up. Not collective.
  bool urgent() const;

  // Why the ranks agreed to stop, in words: "SIGUSR1", "the time limit", "the step limit"; "" when they did not.
  std::string reason() const;

 private:
  bool too_late(double seconds_ahead) const;
  int own_code(double seconds_ahead) const;

  const Comm* world_;
  StopLimits limits_;
  std::int64_t steps_ = 0;
  int code_ = 0;  // agreed: 0, one of the causes, or kSignals + the signal
};

}  // namespace orrery
