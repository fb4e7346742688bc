#include "models/zoo/media_models.h"

#include <memory>

namespace orrery {

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
