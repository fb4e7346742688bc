#include "pipeline/generate.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "parallel/device.h"
#include "pipeline/arrays.h"
#include "pipeline/denoise.h"
#include "pipeline/preflight.h"
#include "pipeline/progress.h"

namespace orrery {
namespace {

void require_finite(const MediaLatents& latents) {
  at::Tensor finite = at::isfinite(latents.video).all();
  if (latents.has_sound()) finite = finite.logical_and(at::isfinite(latents.sound).all());
  if (!finite.item<bool>()) {
    throw RequestFailed("the latents are not finite (NaN or infinity) after denoising: nothing was written");
  }
}

}  // namespace

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::string text(sizeof "2026-01-01T00:00:00Z" - 1, '\0');
  std::strftime(text.data(), text.size() + 1, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

MediaLatents latents_of(const LatentFile& file) {
  MediaLatents latents{to_tensor(file.video).squeeze(0), {}};
  if (file.sound) latents.sound = to_tensor(*file.sound).squeeze(0);
  return latents;
}

Generator::Generator(const Comm& world, Towers& towers, Collectives& cfg, RootModels root, GenerateSettings settings,
                     const Log& log)
    : world_(&world), towers_(&towers), cfg_(&cfg), root_(root), settings_(std::move(settings)), log_(&log) {}

ClipResult Generator::operator()(const ClipJob& job, const std::string& label) const {
  ClipResult result;
  result.error = job.refusal;
  if (!result.error.empty()) return result;
  make_clip(job, label, result);
  result.peak_gpu_memory = peak_gpu_memory();
  return result;
}

void Generator::make_clip(const ClipJob& job, const std::string& label, ClipResult& result) const {
  PhaseClock clock(result.times, towers_->device());
  Condition condition;
  MediaLatents latents;
  reset_peak_memory(towers_->device());
  if (!job.latents_done) {
    try {
      prepare(job, clock);
      const MediaShape shape = shape_of(job.request);
      condition = condition_for(job.request, shape);
      if (job.request.conditioned()) clock.end("condition");
      latents = make_latents(job, condition, shape, label, clock);
    } catch (const RequestFailed& e) {
      result.error = e.what();
      clock.end("failed");
      return;
    }
  }
  result.error = world_->from_root([&]() -> std::string {
    try {
      const AllCores all_cores;
      write_files(job, condition, std::move(latents), clock, result);
      return "";
    } catch (const std::exception& e) {
      return message_of(e);
    }
  });
  if (!result.error.empty()) clock.end("failed");
}

void Generator::prepare(const ClipJob& job, PhaseClock& clock) const {
  if (towers_->prepare(job.ids)) clock.end("load");
  const bool decodes = settings_.media.wanted() && world_->is_root();
  require_memory(*world_, towers_->device(), job.request, clip_memory(settings_.sizes, job.request, job.ids), decodes);
  reset_peak_memory(towers_->device());  // neither loading nor the question is the clip's own
}

std::optional<std::int64_t> Generator::peak_gpu_memory() const {
  const std::optional<std::int64_t> own = peak_memory(towers_->device());
  if (!own) return std::nullopt;
  const std::vector<std::int64_t> all = world_->gather_to_root(*own);
  return all.empty() ? own : *std::max_element(all.begin(), all.end());
}

MediaShape Generator::shape_of(const Request& request) const {
  MediaShape shape;
  shape.video = {towers_->config().latent_channel, request.latent_frames(), request.height / 16, request.width / 16};
  shape.sound_steps = request.sound_steps();
  shape.fps = request.fps;
  if (request.conditioned()) shape.condition_frames = request.condition_frames;
  return shape;
}

Condition Generator::condition_for(const Request& request, const MediaShape& shape) const {
  if (!request.conditioned()) return {};
  const auto count = static_cast<std::int64_t>(request.condition_frames.size());
  const auto make = [&] {
    const AllCores all_cores;
    if (!request.image.empty()) {
      return encode_image(*root_.encoder, request.image, request.height, request.width, towers_->device());
    }
    const auto file = request.parent.empty() ? request.condition_latents : settings_.folder.latents(request.parent);
    return last_latent_frames(file, count, shape.video, settings_.vae_fingerprint);
  };
  return {request.condition_frames,
          share_from_root(*world_, {shape.video[0], count, shape.video[2], shape.video[3]}, make)};
}

MediaLatents Generator::make_latents(const ClipJob& job, const Condition& condition, const MediaShape& shape,
                                     const std::string& label, PhaseClock& clock) const {
  const Request& request = job.request;
  const TextSource text = [this](const TokenIds& ids) { return towers_->text(ids); };
  const GuidedModel guided(towers_->media(), *cfg_, text, job.ids, shape, request.guidance_scale);
  clock.end("text");
  Progress progress(*log_, label, request.steps);
  const Schedule schedule = make_schedule(settings_.schedule, request.steps, request.flow_shift);
  MediaLatents noise = noise_for(request.seed, shape, towers_->config().sound_dim, towers_->device());
  MediaLatents latents = denoise(guided, schedule, std::move(noise), condition,
                                 [&](std::int64_t step, const MediaLatents&) { progress.step_done(step); });
  require_finite(latents);
  clock.end("denoise");
  return latents;
}

void Generator::write_files(const ClipJob& job, const Condition& condition, MediaLatents latents, PhaseClock& clock,
                            ClipResult& result) const {
  const std::filesystem::path path = settings_.folder.latents(job.request.id);
  if (job.latents_done) {
    const LatentFile file = read_latents(path);
    result.latents_checksum = latents_checksum(file);
    latents = latents_of(file);
  } else {
    const LatentFile file = latent_file(job, condition, latents);
    write_latents(path, file);
    result.latents_checksum = latents_checksum(file);
    clock.end("save");
  }
  result.files.push_back("latents/" + job.request.id + ".h5");
  if (!settings_.media.wanted()) return;
  const std::vector<std::string> media =
      write_clip_media(root_.decoders, latents, label_of(job.request), settings_.folder, settings_.media);
  result.files.insert(result.files.end(), media.begin(), media.end());
  clock.end("decode");
}

LatentFile Generator::latent_file(const ClipJob& job, const Condition& condition, const MediaLatents& latents) const {
  Schedule schedule = make_schedule(settings_.schedule, job.request.steps, job.request.flow_shift);
  LatentFile file;
  file.request = job.request_json;
  file.model = settings_.model_json;
  file.software = settings_.software;
  file.created = utc_now();
  file.video = to_array(latents.video.unsqueeze(0));
  if (latents.has_sound()) file.sound = to_array(latents.sound.unsqueeze(0));
  file.cond_ids = job.ids.cond;
  file.uncond_ids = job.ids.uncond;
  file.sigmas = std::move(schedule.sigmas);
  file.timesteps = std::move(schedule.timesteps);
  if (!condition.frames.empty()) file.condition = to_array(condition.latents.unsqueeze(0));
  return file;
}

ClipLabel Generator::label_of(const Request& request) const {
  return {request.id,           request.prompt,     std::to_string(request.seed),
          settings_.model_name, settings_.software, request.fps};
}

}  // namespace orrery
