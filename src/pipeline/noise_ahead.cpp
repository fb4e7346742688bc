#include "pipeline/noise_ahead.h"

namespace orrery {

NoiseAhead::Key NoiseAhead::key_of(std::uint32_t seed, const MediaShape& shape) {
  Key key{seed, {}};
  for (const auto& [stream, own] : shape.streams) key.extents[stream] = own.extents;
  return key;
}

void NoiseAhead::begin(std::uint32_t seed, const MediaShape& shape) {
  begun_ = key_of(seed, shape);
  drawn_ = std::async(std::launch::async, [=] { return noise_for(seed, shape, at::kCPU); });
}

MediaLatents NoiseAhead::take(std::uint32_t seed, const MediaShape& shape, at::Device device) {
  const bool ready = drawn_.valid() && begun_ == key_of(seed, shape);
  MediaLatents noise = ready ? drawn_.get() : noise_for(seed, shape, at::kCPU);
  for (auto& [stream, own] : noise) own = own.to(device);
  return noise;
}

}  // namespace orrery
