#include "pipeline/step_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/core/pulse.h"

namespace orrery {

StepWatch::StepWatch(const Log& log, Progress& progress, StopFlag& stop, Pace& pace, StepTimes& times,
                     SnapshotWriter* snapshots, std::int64_t every)
    : log_(&log),
      progress_(&progress),
      stop_(&stop),
      pace_(&pace),
      times_(&times),
      snapshots_(snapshots),
      every_(every) {}

bool StepWatch::before_first() { return !stop_->agree(pace_->seconds_ahead()); }

bool StepWatch::step_done(const DenoiseState& state, std::int64_t steps) {
  stop_->step_done();
  ++steps_since_snapshot_;
  times_->look();
  see_passed_steps();
  const bool last = state.steps_done() == steps;
  if (snapshots_ != nullptr) pace_->snapshot_seconds = snapshots_->expected_seconds(state);
  if (stop_->agree(last ? 0 : pace_->seconds_ahead(times_->queued() - times_->passed()))) return false;
  if (!last && due()) {
    const std::string error = snapshots_->wait();
    if (!error.empty() && !pace_->warned_of_snapshot) {
      warn_of_failure(error);
      pace_->warned_of_snapshot = true;
    }
    log_->verbose(fmt::format("begins to write a snapshot of step {}", state.steps_done()));
    snapshots_->start(state);
    steps_since_snapshot_ = 0;
  }
  return true;
}

void StepWatch::see_passed_steps() {
  pace_->step_seconds = std::max(pace_->step_seconds, times_->longest());
  note_step_time(pace_->step_seconds);
  if (times_->passed() == steps_told_) return;
  progress_->steps_done(times_->passed() - steps_told_, times_->total());
  steps_told_ = times_->passed();
}

// While the one before is being written, the next waits for a later step.
bool StepWatch::due() const {
  return snapshots_ != nullptr && every_ > 0 && steps_since_snapshot_ >= every_ && !snapshots_->busy();
}

void StepWatch::save(const DenoiseState& state) {
  warn_of_failure(snapshots_->wait());
  snapshots_->start(state);
  warn_of_failure(snapshots_->wait());
}

void StepWatch::finish() {
  times_->wait();
  see_passed_steps();
}

void StepWatch::warn_of_failure(const std::string& error) const {
  if (!error.empty()) log_->warning("a snapshot could not be written: " + error);
}

}  // namespace orrery
