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

// Durations measured in this run, used to stop in time: the longest step, and the last snapshot.
struct Pace {
  double step_seconds = 0;
  double snapshot_seconds = 0;
  bool warned_of_snapshot = false;  // a failed snapshot was reported; later ones fail alike

  // Upper bound until stopped at the next boundary: the `queued` steps that the device has not done yet, one step, the
  // pending snapshot, a final one.
  double seconds_ahead(std::int64_t queued = 0) const {
    return static_cast<double>(queued + 1) * step_seconds + 2 * snapshot_seconds;
  }
};

// Acts at one clip's step boundaries: reports progress, writes snapshots (rank 0), decides whether to stop. The host
// runs ahead of a GPU, so progress and decisions follow the steps that the device has done. One object for each clip on
// every rank.
class StepWatch {
 public:
  // `times` must be marked before the first step, and after each step before step_done(). `snapshots` is null except on
  // rank 0. `every` is the number of steps between snapshots; 0: only when stopping. The references must outlive the
  // object.
  StepWatch(const Log& log, Progress& progress, StopFlag& stop, Pace& pace, StepTimes& times, SnapshotWriter* snapshots,
            std::int64_t every);

  // Call it before the first step; returns false when the ranks agreed to stop. Collective over the stop flag's world.
  bool before_first();
  // The StepObserver of denoise(), with the total number of steps. Collective over the stop flag's world.
  bool step_done(const DenoiseState& state, std::int64_t steps);
  // Writes a snapshot of the state at which the clip stops, and waits for it. A failure is only a warning: the previous
  // snapshot stays. For rank 0.
  void save(const DenoiseState& state);
  // Call it after the last step. Waits for the device.
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

// Denoises clips, from their start to their final latents.
class ClipDenoiser {
 public:
  // `context` must outlive the object.
  explicit ClipDenoiser(const ClipContext& context) : context_(context) {}

  // Returns the final latents. When the ranks agreed to stop, sets `result.stopped`, returns no latents and leaves the
  // state in the snapshot. Calls `between_steps` after each step on every rank, and moves the state out of `start`.
  // Throws RequestFailed on all ranks when the latents are not finite. Collective over the world.
  MediaLatents operator()(const ClipJob& job, ClipStart& start, const MediaShape& shape, PhaseClock& clock,
                          ClipResult& result, const std::function<void()>& between_steps);

  // Time until a clip can be stopped [s], estimated from earlier clips.
  double seconds_ahead() const { return pace_.seconds_ahead(); }

 private:
  DenoiseState run_steps(const GuidedModel& guided, const ClipJob& job, ClipStart& start, StepTimes& times,
                         const std::function<void()>& between_steps);

  const ClipContext& context_;
  Pace pace_;
  std::map<TokenIds, TextCache> texts_;  // texts of the last clip, for reuse: a manifest has few negative prompts
};

}  // namespace orrery
