#include "pipeline/generate.h"

#include <ctime>
#include <utility>

#include "media/video_writer.h"
#include "pipeline/decode.h"
#include "pipeline/denoise.h"
#include "pipeline/progress.h"

namespace orrery {
namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::string text(sizeof "2026-01-01T00:00:00Z" - 1, '\0');
  std::strftime(text.data(), text.size() + 1, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

FloatArray to_array(const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU, at::kFloat).contiguous();
  const float* begin = host.const_data_ptr<float>();
  return {host.sizes().vec(), {begin, begin + host.numel()}};
}

at::Tensor to_tensor(const FloatArray& array) { return at::tensor(array.values, at::kFloat).view(array.shape); }

std::vector<std::int64_t> latent_shape(const Cosmos3Config& config, const Request& request) {
  return {config.latent_channel, request.latent_frames(), request.height / 16, request.width / 16};
}

}  // namespace

Generator::Generator(const Comm& world, const Transformer& model, Collectives& cfg, const WanDecoder* decoder,
                     GenerateSettings settings, const Log& log)
    : world_(&world), model_(&model), cfg_(&cfg), decoder_(decoder), settings_(std::move(settings)), log_(&log) {}

ClipResult Generator::operator()(const ClipJob& job, const std::string& label) const {
  ClipResult result;
  at::Tensor latents;  // (C, t, h, w)
  if (!job.latents_done) {
    latents = make_latents(job, label, result);
    if (!result.error.empty()) return result;
  }
  result.error = world_->from_root([&]() -> std::string {
    try {
      if (job.latents_done) {
        latents = to_tensor(read_latents(settings_.folder.latents(job.request.id)).video).squeeze(0);
      } else {
        save_latents(job, latents, result);
      }
      if (settings_.media) write_media(job, latents, result);
      return "";
    } catch (const std::exception& e) {
      return e.what();
    }
  });
  return result;
}

at::Tensor Generator::make_latents(const ClipJob& job, const std::string& label, ClipResult& result) const {
  const Request& request = job.request;
  const std::vector<std::int64_t> shape = latent_shape(model_->config(), request);
  Stopwatch watch;
  const GuidedModel guided(*model_, *cfg_, job.ids, shape, request.fps, request.guidance_scale);
  result.times.add("text", watch.seconds());
  watch.restart();
  Progress progress(*log_, label, request.steps);
  const Schedule schedule = make_schedule(settings_.schedule, request.steps, request.flow_shift);
  at::Tensor latents = denoise(guided, schedule, video_noise(request.seed, shape, model_->device()),
                               [&](std::int64_t step, const at::Tensor&) { progress.step_done(step); });
  if (!at::isfinite(latents).all().item<bool>()) {
    result.error = "the latents are not finite (NaN or infinity) after denoising: nothing was written";
  }
  result.times.add("denoise", watch.seconds());
  return latents;
}

LatentFile Generator::latent_file(const ClipJob& job, const at::Tensor& latents) const {
  const Schedule schedule = make_schedule(settings_.schedule, job.request.steps, job.request.flow_shift);
  LatentFile file;
  file.request = job.request_json;
  file.model = settings_.model_json;
  file.software = settings_.software;
  file.created = utc_now();
  file.video = to_array(latents.unsqueeze(0));
  file.cond_ids = job.ids.cond;
  file.uncond_ids = job.ids.uncond;
  file.sigmas = schedule.sigmas;
  file.timesteps = schedule.timesteps;
  return file;
}

void Generator::save_latents(const ClipJob& job, const at::Tensor& latents, ClipResult& result) const {
  const Stopwatch watch;
  const LatentFile file = latent_file(job, latents);
  write_latents(settings_.folder.latents(job.request.id), file);
  result.latents_checksum = latents_checksum(file);
  result.files.push_back("latents/" + job.request.id + ".h5");
  result.times.add("save", watch.seconds());
}

void Generator::write_media(const ClipJob& job, const at::Tensor& latents, ClipResult& result) const {
  const Stopwatch watch;
  const Request& request = job.request;
  VideoFormat format;
  format.width = static_cast<int>(request.width);
  format.height = static_cast<int>(request.height);
  format.fps = fps_fraction(request.fps);
  format.crf = settings_.crf;
  format.threads = settings_.encoder_threads;
  format.metadata = {{"prompt", job.prompt},
                     {"seed", std::to_string(request.seed)},
                     {"model", settings_.model_name},
                     {"version", settings_.software}};
  VideoWriter writer(settings_.folder.media(request.id), format);
  decode_video(*decoder_, latents, [&](std::span<const std::uint8_t> rgb) { writer.write(rgb); });
  writer.finish();
  result.files.push_back("media/" + request.id + ".mp4");
  result.times.add("decode", watch.seconds());
}

}  // namespace orrery
