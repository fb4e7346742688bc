#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/parallel/stop_flag.h"
#include "pipeline/clip_context.h"
#include "pipeline/clip_job.h"
#include "pipeline/clip_times.h"
#include "pipeline/guidance.h"
#include "pipeline/progress.h"
#include "pipeline/snapshot.h"
#include "pipeline/start_clip.h"

namespace orrery {

// How long things take in this run, for the decision to stop in time: the longest step, the last clip's snapshot.
struct Pace {
  double step_seconds = 0;
  double snapshot_seconds = 0;
  bool warned_of_snapshot = false;  // that one could not be written: the next ones fail alike

  // Upper bound until stopped at the next boundary: the `queued` steps that the device has not done yet, one step, the
  // pending snapshot, a final one.
  double seconds_ahead(std::int64_t queued = 0) const {
    return static_cast<double>(queued + 1) * step_seconds + 2 * snapshot_seconds;
  }
};

// What happens at one clip's step boundaries: progress, snapshots on rank 0, the decision to stop. The host runs ahead
// of a GPU: what is told and decided follows the steps that the device has done. One object a clip on every rank.
class StepWatch {
 public:
  // `times`: this clip's, marked before its first step and behind each before step_done(). `snapshots`: on rank 0; null
  // on the others. `every`: steps between snapshots; 0: none before a stop. References must outlive the object.
  StepWatch(const Log& log, Progress& progress, StopFlag& stop, Pace& pace, StepTimes& times, SnapshotWriter* snapshots,
            std::int64_t every);

  // Before the first step; false: stop here. Collective over the stop flag's world.
  bool before_first();
  // The denoise loop's StepObserver, with the steps in all. Collective likewise.
  bool step_done(const DenoiseState& state, std::int64_t steps);
  // Writes the state where the clip stops and waits for it. What goes wrong is a warning: the snapshot before stays.
  // Rank 0 only.
  void save(const DenoiseState& state);
  // Behind the last step: waits for the device.
  void finish();

 private:
  bool due() const;
  void see_passed_steps();
  void warn_of_failure(const std::string& error) const;

  const Log* log_;
  Progress* progress_;
  StopFlag* stop_;
  Pace* pace_;
  StepTimes* times_;
  SnapshotWriter* snapshots_;
  std::int64_t every_;
  std::int64_t steps_since_snapshot_ = 0;
  std::int64_t steps_told_ = 0;
};

// Takes clips from their start to their final latents.
class ClipDenoiser {
 public:
  // `context` must outlive the object.
  explicit ClipDenoiser(const ClipContext& context) : context_(context) {}

  // The final latents; undefined ones, and `result.stopped`, when the ranks agreed to stop: the state is then in the
  // snapshot. Calls `between_steps` after each step on every rank, and takes the state out of `start`. Throws
  // RequestFailed on all ranks alike when the latents are not finite. Collective over the world.
  MediaLatents operator()(const ClipJob& job, ClipStart& start, const MediaShape& shape, PhaseClock& clock,
                          ClipResult& result, const std::function<void()>& between_steps);

  // How long a clip takes until it can be stopped, by the clips before.
  double seconds_ahead() const { return pace_.seconds_ahead(); }

 private:
  DenoiseState run_steps(const GuidedModel& guided, const ClipJob& job, ClipStart& start, StepTimes& times,
                         const std::function<void()>& between_steps);

  const ClipContext& context_;
  Pace pace_;
  std::map<TokenIds, TextCache> texts_;  // of the last clip, for the next one's: a manifest has few negative prompts
};

}  // namespace orrery
