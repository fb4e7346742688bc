#pragma once

#include <functional>

#include "pipeline/clip_context.h"
#include "pipeline/clip_job.h"
#include "pipeline/guidance.h"
#include "pipeline/start_clip.h"
#include "pipeline/step_times.h"
#include "pipeline/step_watch.h"

namespace orrery {

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
};

}  // namespace orrery
