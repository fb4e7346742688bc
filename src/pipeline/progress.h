#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/core/log.h"
#include "base/core/stopwatch.h"
#include "pipeline/progress_text.h"

namespace orrery {

// Shows how far a run is. On a terminal its last lines are drawn anew: the clip's steps, and the manifest. Elsewhere
// there is a log line now and then: a clip's first step, one in ten seconds, the last; verbose: every step; after each
// clip the manifest. That a clip is done is a line in both. Silent on other ranks than 0. Every rank's pulse is told,
// too.
class Progress {
 public:
  // `work`: of the `clips` that are wanted, in any unit that grows with their time. `log` must outlive the object.
  Progress(const Log& log, std::int64_t clips, double work);

  void clip_begins(std::string label, double work);
  // What happens beside the denoising of the clip that has begun.
  void phase(std::string name);
  // `work`: of each step, in any unit. `first`: the step that denoising begins with.
  void steps_begin(std::vector<double> work, std::int64_t first = 0);
  // Steps of equal work.
  void steps_begin(std::int64_t steps, std::int64_t first = 0) {
    steps_begin(std::vector<double>(static_cast<std::size_t>(steps), 1.0), first);
  }
  // `more` steps are done; `seconds`: that this clip's steps in this run took until now.
  void steps_done(std::int64_t more, double seconds);
  // A clip is complete, or failed: not always the one begun last, since videos are encoded behind the next clip's
  // steps. `seconds`: that it took.
  void clip_ended(const std::string& id, bool failed, double seconds);
  // Takes the lines off the terminal.
  void finish();

 private:
  // What the clip that has begun leaves of its work needs no time any more.
  void settle_work();
  RunProgress run_progress() const;
  double work_of(std::int64_t from, std::int64_t to) const;  // of those steps
  void draw() const;

  const Log* log_;
  std::int64_t wanted_;
  std::int64_t done_ = 0;
  std::int64_t failed_ = 0;
  double work_left_;
  double work_done_ = 0;
  double clip_work_left_ = 0;
  std::vector<double> step_work_;
  ClipProgress clip_;
  std::int64_t first_ = 0;
  Stopwatch since_start_;
  Stopwatch since_line_;
};

}  // namespace orrery
