#include "pipeline/noise_ahead.h"

namespace orrery {

void NoiseAhead::begin(std::uint32_t seed, const MediaShape& shape, std::int64_t sound_dim) {
  begun_ = key_of(seed, shape, sound_dim);
  drawn_ = std::async(std::launch::async, [=] { return noise_for(seed, shape, sound_dim, at::kCPU); });
}

MediaLatents NoiseAhead::take(std::uint32_t seed, const MediaShape& shape, std::int64_t sound_dim, at::Device device) {
  const bool ready = drawn_.valid() && begun_ == key_of(seed, shape, sound_dim);
  MediaLatents noise = ready ? drawn_.get() : noise_for(seed, shape, sound_dim, at::kCPU);
  noise.video = noise.video.to(device);
  if (noise.has_sound()) noise.sound = noise.sound.to(device);
  return noise;
}

}  // namespace orrery
