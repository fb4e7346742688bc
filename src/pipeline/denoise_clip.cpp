#include "pipeline/denoise_clip.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/core/pulse.h"
#include "pipeline/clip_file.h"
#include "pipeline/clip_needs.h"
#include "pipeline/denoise.h"
#include "pipeline/root_work.h"
#include "pipeline/snapshot.h"

namespace orrery {
namespace {

bool finite(const MediaLatents& latents) {
  std::vector<at::Tensor> each;
  for (const auto& [stream, own] : latents) each.push_back(at::isfinite(own).all());
  return at::stack(each).all().item<bool>();
}

// The expected relative cost of each step. `apart`: the branches run at the same time, on different ranks.
std::vector<double> step_work(const Request& request, const ScheduleRule& schedule, bool apart) {
  constexpr double kWithoutLayers = 0.01;
  std::vector<double> work;
  for (const int passes : expected_passes(request, schedule)) {
    work.push_back(passes == 0 ? kWithoutLayers : apart ? 1 : passes);
  }
  return work;
}

}  // namespace

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

// Whether to write a snapshot now; postponed while the previous one is being written.
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

MediaLatents ClipDenoiser::operator()(const ClipJob& job, ClipStart& start, const MediaShape& shape, PhaseClock& clock,
                                      ClipResult& result, const std::function<void()>& between_steps) {
  const Request& request = job.request;
  std::erase_if(texts_, [&](const auto& text) { return text.first != job.ids.cond && text.first != job.ids.uncond; });
  const TextSource text = [this](const TokenIds& ids) {
    const auto known = texts_.find(ids);
    return known != texts_.end() ? known->second : texts_.emplace(ids, context_.towers.text(ids)).first->second;
  };
  const GuidedModel guided(context_.towers.media(), context_.cfg, text, job.ids, shape, request.guidance());
  clock.end("text");
  StepTimes step_times(context_.towers.device());
  const DenoiseState end = run_steps(guided, job, start, step_times, between_steps);
  result.steps_done = end.steps_done();
  result.stopped = end.steps_done() < request.steps;
  if (!result.stopped && !finite(end.latents)) {
    if (context_.world.is_root()) remove_if_there(context_.settings.folder.snapshot(request.id));
    throw RequestFailed("the latents are not finite (NaN or infinity) after denoising: nothing was written");
  }
  clock.end("denoise");
  result.step_seconds = step_times.seconds();
  result.computed_steps = end.cache.computed;
  return result.stopped ? MediaLatents{} : end.latents;
}

DenoiseState ClipDenoiser::run_steps(const GuidedModel& guided, const ClipJob& job, ClipStart& start, StepTimes& times,
                                     const std::function<void()>& between_steps) {
  const Request& request = job.request;
  std::optional<SnapshotWriter> snapshots;
  if (context_.world.is_root()) {
    snapshots.emplace(context_.settings.folder.snapshot(request.id), clip_file(context_.settings, job, start));
  }
  const GenerateSettings& settings = context_.settings;
  context_.progress.steps_begin(step_work(request, settings.recipe.schedule, settings.sizes.layout.grid.cfg == 2),
                                start.state.steps_done());
  StepWatch watch(context_.log, context_.progress, context_.stop, pace_, times, snapshots ? &*snapshots : nullptr,
                  context_.settings.snapshot_every);
  if (!watch.before_first()) return std::move(start.state);
  const Schedule schedule = make_schedule(context_.settings.recipe.schedule, request.steps, request.flow_shift);
  times.mark();
  DenoiseState end = denoise(guided, {request.step_cache, settings.recipe.full_precision_steps}, schedule,
                             std::move(start.state), start.conditions, [&](const DenoiseState& state) {
                               times.mark();
                               const bool goes_on = watch.step_done(state, schedule.steps());
                               between_steps();
                               return goes_on;
                             });
  if (end.steps_done() < schedule.steps()) {
    context_.world.from_root([&] { watch.save(end); });
  }
  watch.finish();
  return end;
}

}  // namespace orrery
