#include "app/bench/settings.h"

#include <cmath>

#include "models/audio/config.h"
#include "models/wan/config.h"

namespace orrery {

MediaShape bench_shape(const BenchModel& model, const BenchSettings& settings) {
  MediaShape shape;
  shape.streams[Stream::Video].extents = {
      model.transformer_config.latent_channel, (settings.frames - 1) / WanConfig::kTemporalFactor + 1,
      settings.height / WanConfig::kSpatialFactor, settings.width / WanConfig::kSpatialFactor};
  shape.fps = kBenchFps;
  return shape;
}

std::int64_t bench_tokens(const MediaShape& shape) { return shape.tokens(); }

std::int64_t bench_sound_steps(const BenchSettings& settings) {
  const double steps = static_cast<double>(settings.frames) / kBenchFps * SoundConfig::kStepsPerSecond;
  return static_cast<std::int64_t>(std::ceil(steps));
}

}  // namespace orrery
