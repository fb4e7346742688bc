#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/core/log.h"
#include "base/core/stopwatch.h"

namespace orrery {

// Progress of a clip.
struct ClipProgress {
  std::string label;       // "[3/120] drive-0003"
  std::string phase;       // phase other than its steps: "text", "decode"; empty: its steps
  std::int64_t steps = 0;  // in total
  std::int64_t done = 0;
  double seconds_per_step = 0;  // 0: not known yet
  double seconds_left = 0;
};

// Progress of a manifest.
struct RunProgress {
  std::int64_t wanted = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;
  double share = 0;                    // share of the work done, in [0, 1]
  double clips_per_hour = 0;           // 0: not known yet
  std::optional<double> seconds_left;  // none: not known yet
};

// "step 12/35, 2.90 s/step, 1 min 07 s left"
std::string steps_text(const ClipProgress& clip);
// "3 of 120 done, 1 failed, 20.4 clips/h, 5 h 53 min left"
std::string run_text(const RunProgress& run);

// Lines for a terminal, one for the clip and one for the run: label, a bar if there is room for it, and text, in fewer
// than `columns` columns.
std::vector<std::string> status_lines(const ClipProgress& clip, const RunProgress& run, std::size_t columns);

// Shows the progress of a run. On a terminal, its last lines are redrawn: the clip's steps, and the manifest. Otherwise
// it writes log lines: for a clip's first step, then every ten seconds, for the last step (verbose: for every step),
// and for the manifest after each clip. A finished clip is a line in both cases. Prints on rank 0 only, but updates
// every rank's pulse.
class Progress {
 public:
  // `work` is that of all `clips`, in any unit proportional to time. `log` must outlive the object.
  Progress(const Log& log, std::int64_t clips, double work);

  void clip_begins(std::string label, double work);
  // Begins the next part of the current clip, which has a `share` of the clip's work, when `done` of it is complete;
  // both in [0, 1].
  void part_begins(std::string label, double done, double share);
  // Names the current clip's phase, outside denoising.
  void phase(std::string name);
  // Begins denoising at step `first`. `work` is that of each step, in any unit.
  void steps_begin(std::vector<double> work, std::int64_t first = 0);
  // Begins denoising with steps of equal work.
  void steps_begin(std::int64_t steps, std::int64_t first = 0) {
    steps_begin(std::vector<double>(static_cast<std::size_t>(steps), 1.0), first);
  }
  // Counts `more` steps as done. `seconds` is the time of all of this clip's steps in this run so far.
  void steps_done(std::int64_t more, double seconds);
  // Counts a clip as complete or failed. It may not be the current one, since videos are encoded during the next clip's
  // steps. `seconds` is its total time.
  void clip_ended(const std::string& id, bool failed, double seconds);
  // Removes the lines from the terminal.
  void finish();

 private:
  // Subtracts the current clip's remaining work from the run's.
  void settle_work();
  RunProgress run_progress() const;
  double work_of(std::int64_t from, std::int64_t to) const;  // work of the steps [from, to)
  void draw() const;

  const Log* log_;
  std::int64_t wanted_;
  std::int64_t done_ = 0;
  std::int64_t failed_ = 0;
  double work_left_;
  double work_done_ = 0;
  double clip_work_ = 0;
  double clip_work_left_ = 0;
  double part_work_ = 0;  // work of the current part, or of the clip
  std::vector<double> step_work_;
  ClipProgress clip_;
  std::int64_t first_ = 0;
  Stopwatch since_start_;
  Stopwatch since_line_;
};

}  // namespace orrery
