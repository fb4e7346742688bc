#include "app/decode.h"

#include <optional>

#include "app/checkpoint_files.h"
#include "app/device_options.h"
#include "app/request_rules.h"
#include "app/version.h"
#include "core/error.h"
#include "core/file.h"
#include "pipeline/generate.h"

namespace orrery {
namespace {

// What the file says of its clip; files that other programs wrote need not say it.
ClipLabel label_of(const std::filesystem::path& path, const LatentFile& file, const CheckpointFiles& checkpoint) {
  ClipLabel label;
  label.id = path.stem().string();
  label.model = checkpoint.name();
  label.version = software_name();
  const Json request = Json::parse(file.request, nullptr, /*allow_exceptions=*/false);
  if (!request.is_object()) return label;
  if (request.contains("prompt") && request["prompt"].is_string()) label.prompt = request["prompt"].get<std::string>();
  if (request.contains("seed") && request["seed"].is_number()) label.seed = request["seed"].dump();
  if (request.contains("fps") && request["fps"].is_number()) label.fps = request["fps"].get<double>();
  Request clip;
  clip.fps = label.fps;
  for (const FieldProblem& problem : check_request(clip)) {
    throw InputError(path.string() + ": the request in it: " + problem.field + ": " + problem.reason);
  }
  return label;
}

void require_finite(const std::filesystem::path& path, const at::Tensor& latents) {
  require_input(at::isfinite(latents).all().item<bool>(), path.string() + ": its latents have NaN or infinite values");
}

class Decoding {
 public:
  Decoding(const Options& options, CheckpointFiles checkpoint, at::Device device)
      : checkpoint_(std::move(checkpoint)),
        device_(device),
        dtype_(compute_dtype(options.dtype, device)),
        folder_{options.out},
        decoder_(Weights(checkpoint_.vae, Shard{}, device, dtype_), checkpoint_.vae_config) {
    settings_.mp4 = options.media == Media::Mp4;
    settings_.keep_frames = options.keep_frames;
    settings_.crf = options.crf;
  }

  std::vector<std::string> operator()(const std::filesystem::path& path) {
    const LatentFile file = read_latents(path);
    require_input(file.state == LatentFile::State::Complete,
                  path.string() + ": its clip is not finished: run it to the end first");
    require_input(file.video.shape[1] == checkpoint_.vae_config.z_dim,
                  path.string() + ": its latents have " + std::to_string(file.video.shape[1]) +
                      " channels, the checkpoint's VAE takes " + std::to_string(checkpoint_.vae_config.z_dim));
    MediaLatents latents = latents_of(file);
    require_finite(path, latents.video);
    if (latents.has_sound()) require_finite(path, latents.sound);
    latents.video = latents.video.to(device_);
    MediaDecoders decoders{&decoder_, nullptr};
    if (latents.has_sound()) decoders.sound = &sound_decoder(path, latents.sound);
    return write_clip_media(decoders, latents, label_of(path, file, checkpoint_), folder_, settings_,
                            [] { return false; });
  }

 private:
  // Loaded with the first file that has sound.
  const SoundDecoder& sound_decoder(const std::filesystem::path& path, const at::Tensor& sound) {
    require_input(checkpoint_.sound != nullptr,
                  path.string() + ": it has sound, but the checkpoint has no sound_tokenizer/");
    require_input(sound.size(0) == checkpoint_.sound_config->vocoder_input_dim,
                  path.string() + ": its sound latents have " + std::to_string(sound.size(0)) +
                      " channels, the checkpoint's "
                      "decoder takes " +
                      std::to_string(checkpoint_.sound_config->vocoder_input_dim));
    if (!sound_) sound_.emplace(Weights(checkpoint_.sound, Shard{}, device_, dtype_), *checkpoint_.sound_config);
    return *sound_;
  }

  CheckpointFiles checkpoint_;
  at::Device device_;
  at::ScalarType dtype_;
  RunFolder folder_;
  MediaSettings settings_;
  WanDecoder decoder_;
  std::optional<SoundDecoder> sound_;
};

}  // namespace

int decode_files(const Options& options, at::Device device, const Log& log) {
  require_writable_folder(options.out / "media");
  Decoding decoding(options, open_checkpoint(options.checkpoint), device);
  int failed = 0;
  for (const std::filesystem::path& path : options.files) {
    try {
      for (const std::string& made : decoding(path)) log.info(path.string() + " -> " + (options.out / made).string());
    } catch (const InputError& e) {
      log.warning(e.what());
      ++failed;
    }
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace orrery
