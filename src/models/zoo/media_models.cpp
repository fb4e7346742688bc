#include "models/zoo/media_models.h"

#include <memory>

#include "app/commands/device_options.h"

namespace orrery {

MediaModelSet media_models_for(const RunPlan& plan, const Options& options, bool is_root) {
  const bool makes_media = media_settings_of(options).wanted();
  MediaModelSet wanted;
  for (const ClipJob& job : plan.jobs) {
    if (!job.refusal.empty()) continue;
    const bool begins = !job.latents_done && !job.resumes;
    const bool decodes = makes_media || (begins && job.request.encodes_parent);
    wanted.decoder |= decodes && (is_root || options.vae_split != VaeSplit::None);
    wanted.encoder |= begins && is_root && job.request.needs_encoder();
    wanted.sound |= is_root && job.request.sound && makes_media;
  }
  return wanted;
}

std::int64_t media_model_bytes(const CheckpointFiles& checkpoint, at::ScalarType dtype, const MediaModelSet& wanted) {
  std::int64_t bytes = 0;
  const auto add = [&](const std::shared_ptr<WeightSource>& source, auto build) {
    const Weights weights(source, Shard{}, at::kMeta, dtype);
    build(weights);
    bytes += weights.bytes();
  };
  if (wanted.decoder) add(checkpoint.vae, [&](const Weights& w) { WanDecoder(w, checkpoint.vae_config); });
  if (wanted.encoder) add(checkpoint.vae, [&](const Weights& w) { WanEncoder(w, checkpoint.vae_config); });
  if (wanted.sound && checkpoint.has_sound()) {
    add(checkpoint.sound, [&](const Weights& w) { SoundDecoder(w, *checkpoint.sound_config); });
  }
  return bytes;
}

MediaModels::MediaModels(const CheckpointFiles& checkpoint, const MediaModelSet& wanted, at::Device device,
                         at::ScalarType dtype) {
  const auto vae = [&] { return Weights(checkpoint.vae, Shard{}, device, dtype); };
  if (wanted.decoder) decoder_.emplace(vae(), checkpoint.vae_config);
  if (wanted.encoder) encoder_.emplace(vae(), checkpoint.vae_config);
  if (wanted.sound) sound_.emplace(Weights(checkpoint.sound, Shard{}, device, dtype), *checkpoint.sound_config);
}

}  // namespace orrery
