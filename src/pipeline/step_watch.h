#pragma once

#include <cstdint>
#include <string>

#include "core/stopwatch.h"
#include "parallel/stop_flag.h"
#include "pipeline/progress.h"
#include "pipeline/snapshot.h"

namespace orrery {

// How long things take in this run, for the decision to stop in time: the longest step, the last clip's snapshot.
struct Pace {
  double step_seconds = 0;
  double snapshot_seconds = 0;
  // To the next boundary and through a snapshot there, behind one that is still being written.
  double seconds_ahead() const { return step_seconds + 2 * snapshot_seconds; }
};

// What happens at one clip's step boundaries: progress, snapshots on rank 0, the decision to stop. One object a clip on
// every rank.
class StepWatch {
 public:
  // `snapshots`: on rank 0; null on the others. `every`: steps between snapshots; 0: none before a stop. References
  // must outlive the object.
  StepWatch(const Log& log, Progress& progress, StopFlag& stop, Pace& pace, SnapshotWriter* snapshots,
            std::int64_t every);

  // Before the first step; false: stop here. Collective over the stop flag's world.
  bool before_first();
  // The denoise loop's StepObserver, with the steps in all. Collective likewise.
  bool step_done(const DenoiseState& state, std::int64_t steps);
  // Writes the state where the clip stops and waits for it. What goes wrong is a warning: the snapshot before stays.
  // Rank 0 only.
  void save(const DenoiseState& state);

 private:
  bool due() const;
  void warn_of_failure();

  const Log* log_;
  Progress* progress_;
  StopFlag* stop_;
  Pace* pace_;
  SnapshotWriter* snapshots_;
  std::int64_t every_;
  std::int64_t steps_since_snapshot_ = 0;
  Stopwatch since_boundary_;
};

}  // namespace orrery
