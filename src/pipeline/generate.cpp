#include "pipeline/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/core/host.h"
#include "base/device/gpu.h"
#include "pipeline/chunks.h"
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
    if (!job.chunks.empty()) return make_long_clip(job, label, next, clock, result);
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
    result.stopped = false;  // it was interrupted, but its latents were not saved
    clock.end("failed");
    return nullptr;
  }
}

bool Generator::make_chunk(LongClip& clip, std::size_t index, const std::string& label, const ClipJob* next,
                           PhaseClock& clock, ClipResult& result) {
  const ClipJob& chunk = clip.job.chunks[index];
  deliver_.settle_parent_of(chunk.request);
  prepare(chunk, clock);
  const MediaShape shape = media_shape(chunk.request, context_.towers.config());
  ClipStart start = start_(chunk, shape, label, clock, clip.last_frames);
  if (next != nullptr) start_.draw_noise_ahead(*next);
  ClipResult own;
  const MediaLatents latents = denoise_(chunk, start, shape, clock, own, [this] { deliver_.settle_if_ready(); });
  const std::int64_t before = result.steps_done;  // in earlier chunks
  result.steps_done += own.steps_done;
  result.step_seconds.insert(result.step_seconds.end(), own.step_seconds.begin(), own.step_seconds.end());
  for (const std::int64_t step : own.computed_steps) result.computed_steps.push_back(before + step);
  result.stopped = own.stopped;
  if (own.stopped) return false;
  deliver_.save_chunk(chunk, start, latents, clock);
  clip.last_frames = deliver_.add_chunk(clip.job, index, latents, clip.media, clock);
  return true;
}

std::unique_ptr<ClipMediaFiles> Generator::make_long_clip(const ClipJob& job, const std::string& label,
                                                          const ClipJob* next, PhaseClock& clock, ClipResult& result) {
  const std::size_t count = job.chunks.size();
  LongClip clip{job, deliver_.begin_long_media(job)};
  for (std::size_t i = 0; i < count && !job.latents_done; ++i) {
    const ClipJob& chunk = job.chunks[i];
    const std::string chunk_label = fmt::format("{}, chunk {}/{}", label, i + 1, count);
    const auto frames = static_cast<double>(chunk.request.num_frames);
    const auto before = static_cast<double>(chunks_of(job.request)[i].begin);
    const auto all = static_cast<double>(job.request.num_frames);
    context_.progress.part_begins(chunk_label, std::min(before / all, 1.0), frames / all);
    if (chunk.latents_done) {
      result.steps_done += chunk.request.steps;
      continue;
    }
    if (!make_chunk(clip, i, chunk_label, i + 1 < count ? &job.chunks[i + 1] : next, clock, result)) return nullptr;
  }
  return deliver_.make_long_files(job, clip.media, clock, result);
}

void Generator::prepare(const ClipJob& job, PhaseClock& clock) {
  if (context_.towers.prepare(job.ids)) {
    clock.end("load");
    had_room_ = {};
  }
  const bool decodes = context_.media.settings().wanted() && context_.media.decodes_here();
  const ClipMemory needed = clip_memory(context_.settings.sizes, job.request, job.ids);
  // Checking memory empties the allocator, whose blocks clips of equal size can reuse, so it is skipped for these.
  const bool asked = had_room_.extents == job.request.extents() && needed.step <= had_room_.memory.step &&
                     needed.media <= had_room_.memory.media;
  if (!asked) {
    require_memory(context_.world, context_.towers.device(), job.request, needed, decodes);
    had_room_ = {job.request.extents(), needed};
  }
  reset_peak_memory(context_.towers.device());  // excludes loading and the memory check from the clip's peak
}

std::optional<std::int64_t> Generator::peak_gpu_memory() const {
  const std::optional<std::int64_t> own = peak_memory(context_.towers.device());
  if (!own) return std::nullopt;
  const std::vector<std::int64_t> all = context_.world.gather_to_root(*own);
  return all.empty() ? own : *std::max_element(all.begin(), all.end());
}

}  // namespace orrery
