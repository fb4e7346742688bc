#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/core/log.h"
#include "base/core/stopwatch.h"

namespace orrery {

// How far a clip is.
struct ClipProgress {
  std::string label;       // "[3/120] drive-0003"
  std::string phase;       // what happens beside its steps: "text", "decode"; empty: its steps
  std::int64_t steps = 0;  // in all
  std::int64_t done = 0;
  double seconds_per_step = 0;  // 0: not known yet
  double seconds_left = 0;
};

// How far a manifest is.
struct RunProgress {
  std::int64_t wanted = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;
  double share = 0;                    // of the work, 0 to 1
  double clips_per_hour = 0;           // 0: not known yet
  std::optional<double> seconds_left;  // none: not known yet
};

// "step 12/35, 2.90 s/step, 1 min 07 s left"
std::string steps_text(const ClipProgress& clip);
// "3 of 120 done, 1 failed, 20.4 clips/h, 5 h 53 min left"
std::string run_text(const RunProgress& run);

// Both for a terminal, one below the other: the label, a bar where there is room for it, and the text, in less than
// `columns` columns.
std::vector<std::string> status_lines(const ClipProgress& clip, const RunProgress& run, std::size_t columns);

// Shows how far a run is. On a terminal its last lines are drawn anew: the clip's steps, and the manifest. Elsewhere
// there is a log line now and then: a clip's first step, one in ten seconds, the last; verbose: every step; after each
// clip the manifest. That a clip is done is a line in both. Silent on other ranks than 0. Every rank's pulse is told,
// too.
class Progress {
 public:
  // `work`: of the `clips` that are wanted, in any unit that grows with their time. `log` must outlive the object.
  Progress(const Log& log, std::int64_t clips, double work);

  void clip_begins(std::string label, double work);
  // A part of the clip that has begun is next: `share` of its work, behind the part of it that is `done` (0 to 1).
  void part_begins(std::string label, double done, double share);
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
  double clip_work_ = 0;
  double clip_work_left_ = 0;
  double part_work_ = 0;  // of the part that is being made, or of the clip
  std::vector<double> step_work_;
  ClipProgress clip_;
  std::int64_t first_ = 0;
  Stopwatch since_start_;
  Stopwatch since_line_;
};

}  // namespace orrery
