#include "app/outputs/clip_records.h"

#include <utility>

#include "base/core/numbers.h"
#include "base/core/utc.h"

namespace orrery {
namespace {

RequestResult result_of(const ClipJob& job, ClipResult clip) {
  RequestResult result;
  result.id = job.request.id;
  result.request = parse_json(job.request_json);
  result.status = clip.stopped ? ResultStatus::Stopped : clip.error.empty() ? ResultStatus::Done : ResultStatus::Failed;
  result.steps_done = clip.steps_done;
  result.steps = job.request.steps;
  result.error = std::move(clip.error);
  result.files = std::move(clip.files);
  result.seconds = clip.times;
  result.step_seconds = std::move(clip.step_seconds);
  if (!clip.computed_steps.empty()) result.computed_steps = std::ssize(clip.computed_steps);
  result.computed = std::move(clip.computed_steps);
  result.peak_memory = clip.peak_host_memory;
  result.peak_gpu_memory = clip.peak_gpu_memory;
  result.latent_checksum = std::move(clip.latents_checksum);
  result.finished = utc_now();
  return result;
}

// "text 0.21 s, denoise 3 min 02 s"
std::string phases_text(const PhaseTimes& times) {
  std::string text;
  for (const auto& [phase, seconds] : times.phases()) {
    text.append(text.empty() ? "" : ", ").append(phase).append(" ").append(duration_text(seconds));
  }
  return text;
}

}  // namespace

ClipRecords::ClipRecords(std::size_t wanted, const Comm& world, at::Device device, Keep keep, Progress& progress,
                         const Log& log)
    : world_(world), device_(device), keep_(std::move(keep)), progress_(progress), log_(log), summary_(wanted) {}

void ClipRecords::add(const ClipJob& job, ClipResult clip) {
  const std::string& id = job.request.id;
  if (!clip.error.empty()) {
    failed_ids_.insert(id);
    if (world_.is_root()) log_.warning(id + " failed: " + clip.error);
  }
  if (!clip.stopped) progress_.clip_ended(id, !clip.error.empty(), clip.times.total());
  log_.verbose(id + ": " + phases_text(clip.times));
  summary_.add(job, clip);
  if (!world_.is_root()) return;
  RequestResult result = result_of(job, std::move(clip));
  result.ranks = world_.shard().size;
  result.device = device_.is_cuda() ? "cuda" : "cpu";
  keep_(result);
}

}  // namespace orrery
