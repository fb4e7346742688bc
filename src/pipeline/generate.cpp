#include "pipeline/generate.h"

#include <algorithm>
#include <utility>

#include "base/core/host.h"
#include "base/device/gpu.h"
#include "pipeline/clip_needs.h"
#include "pipeline/root_work.h"

namespace orrery {

Generator::Generator(ClipContext context, DeliverClip deliver)
    : context_(std::move(context)), start_(context_), denoise_(context_), deliver_(context_, std::move(deliver)) {}

void Generator::operator()(const ClipJob& job, const std::string& label, const PhaseTimes& before,
                           const ClipJob* next) {
  const ProfilerRange range(("clip " + job.request.id).c_str());
  ClipResult result;
  result.times = before;
  result.error = job.refusal;
  std::unique_ptr<ClipMediaFiles> files;
  if (result.error.empty()) {
    reset_peak_host_memory();
    files = make_clip(job, label, next, result);
    result.peak_host_memory = peak_host_memory();
    result.peak_gpu_memory = peak_gpu_memory();
  }
  deliver_.end(job, std::move(result), std::move(files));
}

std::unique_ptr<ClipMediaFiles> Generator::make_clip(const ClipJob& job, const std::string& label, const ClipJob* next,
                                                     ClipResult& result) {
  PhaseClock clock(result.times, context_.towers.device());
  ClipStart start;
  MediaLatents latents;
  reset_peak_memory(context_.towers.device());
  try {
    if (!job.latents_done) {
      deliver_.settle_parent_of(job.request);
      prepare(job, clock);
      const MediaShape shape = media_shape(job.request, context_.towers.config());
      start = start_(job, shape, label, clock);
      if (next != nullptr) start_.draw_noise_ahead(*next);
      latents = denoise_(job, start, shape, clock, result, [this] { deliver_.settle_if_ready(); });
      if (result.stopped) return nullptr;
    }
    return deliver_.make_files(job, start, std::move(latents), clock, result);
  } catch (const RequestFailed& e) {
    result.error = e.what();
    result.stopped = false;  // interrupted, but its latents could not be saved: it failed
    clock.end("failed");
    return nullptr;
  }
}

void Generator::prepare(const ClipJob& job, PhaseClock& clock) {
  if (context_.towers.prepare(job.ids)) {
    clock.end("load");
    had_room_ = {};
  }
  const bool decodes = context_.media.settings().wanted() && context_.media.decodes_here();
  const ClipMemory needed = clip_memory(context_.settings.sizes, job.request, job.ids);
  // To ask empties the allocator, whose blocks clips of one size can use again.
  const bool asked = had_room_.extents == job.request.extents() && needed.step <= had_room_.memory.step &&
                     needed.media <= had_room_.memory.media;
  if (!asked) {
    require_memory(context_.world, context_.towers.device(), job.request, needed, decodes);
    had_room_ = {job.request.extents(), needed};
  }
  reset_peak_memory(context_.towers.device());  // neither loading nor the question is the clip's own
}

std::optional<std::int64_t> Generator::peak_gpu_memory() const {
  const std::optional<std::int64_t> own = peak_memory(context_.towers.device());
  if (!own) return std::nullopt;
  const std::vector<std::int64_t> all = context_.world.gather_to_root(*own);
  return all.empty() ? own : *std::max_element(all.begin(), all.end());
}

}  // namespace orrery
