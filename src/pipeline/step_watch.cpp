#include "pipeline/step_watch.h"

#include <algorithm>

#include "core/pulse.h"

namespace orrery {

StepWatch::StepWatch(const Log& log, Progress& progress, StopFlag& stop, Pace& pace, SnapshotWriter* snapshots,
                     std::int64_t every)
    : log_(&log), progress_(&progress), stop_(&stop), pace_(&pace), snapshots_(snapshots), every_(every) {}

bool StepWatch::before_first() {
  since_boundary_.restart();
  return !stop_->agree(pace_->seconds_ahead());
}

bool StepWatch::step_done(const DenoiseState& state, std::int64_t steps) {
  progress_->step_done(state.steps_done() - 1);
  stop_->step_done();
  ++steps_since_snapshot_;
  pace_->step_seconds = std::max(pace_->step_seconds, since_boundary_.seconds());
  note_step_time(pace_->step_seconds);
  since_boundary_.restart();
  const bool last = state.steps_done() == steps;
  if (snapshots_ != nullptr) pace_->snapshot_seconds = snapshots_->expected_seconds(state);
  if (stop_->agree(last ? 0 : pace_->seconds_ahead())) return false;
  if (!last && due()) {
    warn_of_failure();
    snapshots_->start(state);
    steps_since_snapshot_ = 0;
  }
  return true;
}

// While the one before is being written, the next waits for a later step.
bool StepWatch::due() const {
  return snapshots_ != nullptr && every_ > 0 && steps_since_snapshot_ >= every_ && !snapshots_->busy();
}

void StepWatch::save(const DenoiseState& state) {
  warn_of_failure();
  snapshots_->start(state);
  warn_of_failure();
}

void StepWatch::warn_of_failure() {
  const std::string error = snapshots_->wait();
  if (!error.empty()) log_->warning("a snapshot could not be written: " + error);
}

}  // namespace orrery
