#include "pipeline/denoise_clip.h"

#include <optional>
#include <utility>
#include <vector>

#include "pipeline/clip_file.h"
#include "pipeline/denoise.h"
#include "pipeline/expected_passes.h"
#include "pipeline/root_work.h"
#include "pipeline/snapshot.h"

namespace orrery {
namespace {

bool finite(const MediaLatents& latents) {
  std::vector<at::Tensor> each;
  for (const auto& [stream, own] : latents) each.push_back(at::isfinite(own).all());
  return at::stack(each).all().item<bool>();
}

// What each step probably costs, relative to others; `apart`: the branches run at the same time.
std::vector<double> step_work(const Request& request, ScheduleKind schedule, bool apart) {
  constexpr double kWithoutLayers = 0.01;
  std::vector<double> work;
  for (const int passes : expected_passes(request, schedule)) {
    work.push_back(passes == 0 ? kWithoutLayers : apart ? 1 : passes);
  }
  return work;
}

}  // namespace

MediaLatents ClipDenoiser::operator()(const ClipJob& job, ClipStart& start, const MediaShape& shape, PhaseClock& clock,
                                      ClipResult& result, const std::function<void()>& between_steps) {
  const Request& request = job.request;
  const TextSource text = [this](const TokenIds& ids) { return context_.towers.text(ids); };
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
  context_.progress.steps_begin(step_work(request, settings.recipe.schedule, settings.sizes.layout.cfg == 2),
                                start.state.steps_done());
  StepWatch watch(context_.log, context_.progress, context_.stop, pace_, times, snapshots ? &*snapshots : nullptr,
                  context_.settings.snapshot_every);
  if (!watch.before_first()) return std::move(start.state);
  const Schedule schedule = make_schedule(context_.settings.recipe.schedule, request.steps, request.flow_shift);
  times.mark();
  DenoiseState end = denoise(guided, request.step_cache, schedule, std::move(start.state), start.conditions,
                             [&](const DenoiseState& state) {
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
