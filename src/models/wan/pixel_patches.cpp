#include "models/wan/pixel_patches.h"

#include "models/wan/config.h"

namespace orrery {
namespace {

constexpr std::int64_t kColours = 3;
constexpr std::int64_t kSide = WanConfig::kPatch;

}  // namespace

at::Tensor pixels_to_channels(const at::Tensor& pixels) {
  const std::int64_t frames = pixels.size(1), height = pixels.size(2) / kSide, width = pixels.size(3) / kSide;
  return pixels.reshape({kColours, frames, height, kSide, width, kSide})
      .permute({0, 5, 3, 1, 2, 4})
      .reshape({1, WanConfig::kPatchChannels, frames, height, width});
}

at::Tensor channels_to_pixels(const at::Tensor& x) {
  const std::int64_t frames = x.size(2), height = x.size(3), width = x.size(4);
  return x.reshape({kColours, kSide, kSide, frames, height, width})
      .permute({0, 3, 4, 2, 5, 1})
      .reshape({kColours, frames, height * kSide, width * kSide});
}

}  // namespace orrery
