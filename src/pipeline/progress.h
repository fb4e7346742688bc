#pragma once

#include <cstdint>
#include <string>

#include "core/log.h"
#include "core/stopwatch.h"

namespace orrery {

// "12.3 s", "4 min 05 s", "2 h 03 min".
std::string duration_text(double seconds);

// Shows how far one request's denoising is: a bar that redraws itself on a terminal, otherwise a log line now and then
// (its first step, every ten seconds, the last). Silent on other ranks than 0 and when the log is quiet.
class Progress {
 public:
  // `first`: the step that denoising begins with.
  Progress(const Log& log, std::string label, std::int64_t steps, std::int64_t first = 0);
  void step_done(std::int64_t step);
  // No more steps follow, though there are some left.
  void stopped() const;

 private:
  std::string state(std::int64_t done) const;
  std::string bar(std::int64_t done) const;

  const Log* log_;
  std::string label_;
  std::int64_t steps_;
  std::int64_t first_;
  bool terminal_;
  Stopwatch since_start_;
  Stopwatch since_line_;
};

}  // namespace orrery
