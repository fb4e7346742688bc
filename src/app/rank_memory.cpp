#include "app/rank_memory.h"

#include <algorithm>
#include <memory>

#include "audio/decoder.h"
#include "wan/decoder.h"
#include "wan/encoder.h"

namespace orrery {

std::int64_t RankMemory::peak(bool released) const {
  const std::int64_t beside = released ? 0 : towers.text;
  return models + std::max(towers.text, beside + towers.media + working);
}

bool RankMemory::releases(TextTower wish, std::int64_t gpu) const {
  if (wish != TextTower::Auto) return wish == TextTower::Release;
  return too_large_together(towers, {gpu - models, reserved});
}

bool RankMemory::fits(bool released, std::int64_t gpu) const {
  const std::int64_t free = gpu - models;
  const std::int64_t beside = released ? 0 : towers.text;
  return towers.together(released) <= free && beside + towers.media + reserved <= free;
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

}  // namespace orrery
