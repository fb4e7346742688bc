#include "pipeline/generate.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/core/host_memory.h"
#include "base/device/profiler_range.h"
#include "pipeline/arrays.h"
#include "pipeline/clip_artifacts.h"
#include "pipeline/clip_inputs.h"
#include "pipeline/continuation.h"
#include "pipeline/denoise.h"
#include "pipeline/media_shape.h"
#include "pipeline/preflight.h"
#include "pipeline/resume.h"
#include "pipeline/root_work.h"
#include "pipeline/snapshot.h"

namespace orrery {
namespace {

// How rank 0 says that a video was given up; any other text is an error.
constexpr const char* kGivenUp = "\n";

bool finite(const MediaLatents& latents) {
  at::Tensor all = at::isfinite(latents.video).all();
  if (latents.has_sound()) all = all.logical_and(at::isfinite(latents.sound).all());
  return all.item<bool>();
}

void remove_if_there(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
}

}  // namespace

MediaLatents latents_of(const LatentFile& file) {
  MediaLatents latents{to_tensor(file.video).squeeze(0), {}};
  if (file.sound) latents.sound = to_tensor(*file.sound).squeeze(0);
  return latents;
}

Generator::Generator(const Comm& world, Towers& towers, Collectives& cfg, MediaMaker& media, const WanEncoder* encoder,
                     GenerateSettings settings, StopFlag& stop, DeliverClip deliver, Progress& progress, const Log& log)
    : world_(&world),
      towers_(&towers),
      cfg_(&cfg),
      media_(&media),
      encoder_(encoder),
      settings_(std::move(settings)),
      stop_(&stop),
      deliver_(std::move(deliver)),
      progress_(&progress),
      log_(&log) {}

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
  const bool encoding = result.error.empty() && !result.stopped && media_->settings().wanted();
  if (!encoding) {
    finish();  // results come in the clips' order
    deliver_(job, std::move(result));
    return;
  }
  if (files != nullptr) backlog_.start(std::move(files));
  pending_ = {&job, std::move(result)};
}

void Generator::finish() {
  if (pending_) settle();
}

void Generator::settle_if_ready() {
  if (!pending_) return;
  const bool ready = world_->is_root() && backlog_.ready();
  if (world_->max(ready ? 1 : 0) == 1) settle();
}

void Generator::settle() {
  ClipResult& result = pending_->result;
  const Stopwatch waiting;
  const std::string answer = world_->from_root([&]() -> std::string {
    MediaEnd end = backlog_.wait([this] { return stop_->urgent(); });
    result.files.insert(result.files.end(), end.files.begin(), end.files.end());
    return end.given_up ? kGivenUp : end.error;
  });
  result.times.add("encode", waiting.seconds());
  result.stopped = answer == kGivenUp;
  if (!result.stopped) result.error = answer;
  deliver_(*pending_->job, std::move(result));
  pending_.reset();
}

std::unique_ptr<ClipMediaFiles> Generator::make_clip(const ClipJob& job, const std::string& label, const ClipJob* next,
                                                     ClipResult& result) {
  PhaseClock clock(result.times, towers_->device());
  ClipStart start;
  MediaLatents latents;
  reset_peak_memory(towers_->device());
  try {
    if (!job.latents_done) {
      prepare(job, clock);
      const MediaShape shape = media_shape(job.request, towers_->config().latent_channel);
      start = start_of(job, shape, label, clock);
      if (next != nullptr) draw_noise_ahead(*next);
      latents = make_latents(job, start, shape, clock, result);
      if (result.stopped) return nullptr;
    }
    return finish_clip(job, start, std::move(latents), clock, result);
  } catch (const RequestFailed& e) {
    result.error = e.what();
    result.stopped = false;  // interrupted, but its latents could not be saved: it failed
    clock.end("failed");
    return nullptr;
  }
}

std::unique_ptr<ClipMediaFiles> Generator::finish_clip(const ClipJob& job, const ClipStart& start, MediaLatents latents,
                                                       PhaseClock& clock, ClipResult& result) {
  std::string checksum;      // on rank 0
  std::future<void> saving;  // on rank 0
  if (job.latents_done) {
    latents = read_back(job, checksum);
  } else {
    on_root(*world_, [&] {
      LatentFile file = finished_file(job, start, latents);
      checksum = latents_checksum(file);
      saving = save_behind(job, std::move(file));
    });
  }
  const auto saved = [&] {
    if (!job.latents_done) {
      on_root(*world_, [&] { saving.get(); });
      clock.end("save");
    }
    result.latents_checksum = checksum;
    result.files.push_back("latents/" + job.request.id + ".h5");
  };
  std::unique_ptr<ClipMediaFiles> files;
  try {
    if (media_->settings().wanted()) files = make_media(job, latents, checksum, clock, result);
  } catch (const RequestFailed&) {
    saved();
    throw;
  }
  saved();
  return files;
}

std::unique_ptr<ClipMediaFiles> Generator::make_media(const ClipJob& job, const MediaLatents& latents,
                                                      const std::string& checksum, PhaseClock& clock,
                                                      ClipResult& result) {
  progress_->phase("decode");
  if (pending_) {  // one clip at most is behind
    settle();
    clock.skip();
  }
  const ProfilerRange range("decode");
  MediaOutcome outcome = (*media_)(latents, label_of(job.request, checksum), [this] { return stop_->urgent(); });
  if (!outcome.error.empty()) throw RequestFailed(outcome.error);
  result.stopped = outcome.interrupted;
  result.steps_done = job.request.steps;
  clock.end(result.stopped ? "stopped" : "decode");
  return std::move(outcome.files);
}

void Generator::prepare(const ClipJob& job, PhaseClock& clock) const {
  if (towers_->prepare(job.ids)) clock.end("load");
  const bool decodes = media_->settings().wanted() && media_->decodes_here();
  require_memory(*world_, towers_->device(), job.request, clip_memory(settings_.sizes, job.request, job.ids), decodes);
  reset_peak_memory(towers_->device());  // neither loading nor the question is the clip's own
}

std::optional<std::int64_t> Generator::peak_gpu_memory() const {
  const std::optional<std::int64_t> own = peak_memory(towers_->device());
  if (!own) return std::nullopt;
  const std::vector<std::int64_t> all = world_->gather_to_root(*own);
  return all.empty() ? own : *std::max_element(all.begin(), all.end());
}

Condition Generator::condition_for(const Request& request, const MediaShape& shape) const {
  if (!request.conditioned()) return {};
  const auto count = static_cast<std::int64_t>(request.condition_frames.size());
  at::Tensor pixels;
  if (request.encodes_parent) pixels = pixels_to_continue(request, shape);
  at::Tensor latents;
  on_root(*world_, [&] {
    if (!request.image.empty()) {
      latents = encode_image(*encoder_, request.image, request.height, request.width, towers_->device());
      return;
    }
    if (!request.continued_video.empty()) {
      pixels = clip_pixels_of_video(request.continued_video, pixel_frames_for(request.condition_frames), request.height,
                                    request.width);
    }
    if (pixels.defined()) {
      latents = encode_frames(*encoder_, pixels, request.condition_frames, towers_->device());
      return;
    }
    const auto file = request.parent.empty() ? request.condition_latents : settings_.folder.latents(request.parent);
    latents = last_latent_frames(file, count, shape.video, settings_.vae_fingerprint);
  });
  return {request.condition_frames, share_from_root(*world_, latents)};
}

at::Tensor Generator::pixels_to_continue(const Request& request, const MediaShape& shape) const {
  at::Tensor latents;
  on_root(*world_, [&] {
    latents = all_latent_frames(settings_.folder.latents(request.parent), shape.video[0], settings_.vae_fingerprint);
  });
  latents = share_from_root(*world_, latents).to(towers_->device());
  const std::int64_t count = pixel_frames_for(request.condition_frames);
  const at::Tensor frames = media_->last_frames(latents, count);
  at::Tensor pixels;
  on_root(*world_, [&] { pixels = clip_pixels(frames, count, request.height, request.width); });
  return pixels;
}

std::string Generator::inputs_of(const ClipJob& job) const {
  ParentContent parent{"", job.parent_recipe};
  const std::string& id = job.request.parent;
  if (!id.empty()) parent.latents = stored_checksum(settings_.folder.latents(id));
  return clip_inputs(job.request, parent);
}

ClipStart Generator::start_of(const ClipJob& job, const MediaShape& shape, const std::string& label,
                              PhaseClock& clock) {
  const std::int64_t sound_dim = towers_->config().sound_dim;
  ClipStart start;
  if (job.resumes) {
    ResumedClip clip =
        share_snapshot(*world_, settings_.folder.snapshot(job.request.id), shape, sound_dim, towers_->device());
    log_->info(label + " resumes at step " + std::to_string(clip.state.steps_done()) + "/" +
               std::to_string(job.request.steps));
    const std::string other = other_attention(clip.model, settings_.model_json);
    if (!other.empty()) log_->warning(label + ": " + other);
    start = {std::move(clip.state), {shape.condition_frames, std::move(clip.condition)}, std::move(clip.inputs)};
    clock.end("resume");
  } else {
    // Before the files are read: what changes in between is then another request, and not taken for this one.
    if (job.request.conditioned()) on_root(*world_, [&] { start.inputs = inputs_of(job); });
    start.condition = condition_for(job.request, shape);
    if (job.request.conditioned()) clock.end("condition");
    start.state.latents = noise_.take(job.request.seed, shape, sound_dim, towers_->device());
    clock.end("noise");
  }
  return start;
}

void Generator::draw_noise_ahead(const ClipJob& job) {
  if (!job.refusal.empty() || job.latents_done || job.resumes) return;
  const Cosmos3Config& config = towers_->config();
  noise_.begin(job.request.seed, media_shape(job.request, config.latent_channel), config.sound_dim);
}

MediaLatents Generator::make_latents(const ClipJob& job, ClipStart& start, const MediaShape& shape, PhaseClock& clock,
                                     ClipResult& result) {
  const Request& request = job.request;
  const TextSource text = [this](const TokenIds& ids) { return towers_->text(ids); };
  const GuidedModel guided(towers_->media(), *cfg_, text, job.ids, shape, request.guidance());
  clock.end("text");
  StepTimes step_times(towers_->device());
  const DenoiseState end = run_steps(guided, job, start, step_times);
  result.steps_done = end.steps_done();
  result.stopped = end.steps_done() < request.steps;
  if (!result.stopped && !finite(end.latents)) {
    if (world_->is_root()) remove_if_there(settings_.folder.snapshot(request.id));
    throw RequestFailed("the latents are not finite (NaN or infinity) after denoising: nothing was written");
  }
  clock.end("denoise");
  result.step_seconds = step_times.seconds();
  return result.stopped ? MediaLatents{} : end.latents;
}

DenoiseState Generator::run_steps(const GuidedModel& guided, const ClipJob& job, ClipStart& start, StepTimes& times) {
  const Request& request = job.request;
  std::optional<SnapshotWriter> snapshots;
  if (world_->is_root()) {
    snapshots.emplace(settings_.folder.snapshot(request.id), latent_file(job, start));
  }
  progress_->steps_begin(request.steps, start.state.steps_done());
  StepWatch watch(*log_, *progress_, *stop_, pace_, times, snapshots ? &*snapshots : nullptr, settings_.snapshot_every);
  if (!watch.before_first()) return std::move(start.state);
  const Schedule schedule = make_schedule(settings_.schedule, request.steps, request.flow_shift);
  times.mark();
  DenoiseState end = denoise(guided, schedule, std::move(start.state), start.condition, [&](const DenoiseState& state) {
    times.mark();
    const bool goes_on = watch.step_done(state, schedule.steps());
    settle_if_ready();
    return goes_on;
  });
  if (end.steps_done() < schedule.steps()) {
    world_->from_root([&] {
      watch.save(end);
      return std::string();
    });
  }
  watch.finish();
  return end;
}

LatentFile Generator::finished_file(const ClipJob& job, const ClipStart& start, const MediaLatents& latents) const {
  LatentFile file = latent_file(job, start);
  file.video = to_array(latents.video.unsqueeze(0));
  if (latents.has_sound()) file.sound = to_array(latents.sound.unsqueeze(0));
  return file;
}

std::future<void> Generator::save_behind(const ClipJob& job, LatentFile file) const {
  remove_artifacts(settings_.folder, job.request);  // now: decoding writes new ones while the file is written
  return std::async(std::launch::async, [place = settings_.folder.latents(job.request.id),
                                         snapshot = settings_.folder.snapshot(job.request.id), file = std::move(file)] {
    write_latents(place, file);
    remove_if_there(snapshot);
  });
}

MediaLatents Generator::read_back(const ClipJob& job, std::string& checksum) const {
  MediaLatents latents;
  on_root(*world_, [&] {
    const LatentFile file = read_latents(settings_.folder.latents(job.request.id));
    checksum = latents_checksum(file);
    latents = latents_of(file);
  });
  latents.video = share_from_root(*world_, latents.video).to(towers_->device());
  return latents;
}

LatentFile Generator::latent_file(const ClipJob& job, const ClipStart& start) const {
  Schedule schedule = make_schedule(settings_.schedule, job.request.steps, job.request.flow_shift);
  LatentFile file;
  file.request = job.request_json;
  file.inputs = start.inputs;
  file.model = settings_.model_json;
  file.software = settings_.software;
  file.created = utc_now();
  file.cond_ids = job.ids.cond;
  file.uncond_ids = job.ids.uncond;
  file.sigmas = std::move(schedule.sigmas);
  file.timesteps = std::move(schedule.timesteps);
  if (!start.condition.frames.empty()) file.condition = to_array(start.condition.latents.unsqueeze(0));
  return file;
}

ClipLabel Generator::label_of(const Request& request, const std::string& checksum) const {
  return {request.id,  request.prompt, std::to_string(request.seed), settings_.model_name, settings_.software,
          request.fps, checksum};
}

}  // namespace orrery
