#include "models/wan/latent_scale.h"

#include <vector>

namespace orrery {
namespace {

at::Tensor per_channel(const std::vector<double>& values, at::Device device) {
  return at::tensor(values, at::kFloat).to(device).view({-1, 1, 1});
}

}  // namespace

LatentScale::LatentScale(const WanConfig& c, at::Device device)
    : mean_(per_channel(c.latents_mean, device)), std_(per_channel(c.latents_std, device)) {}

at::Tensor LatentScale::normalise(const at::Tensor& frame) const {
  return (frame.to(mean_.device(), at::kFloat) - mean_).div_(std_);
}

at::Tensor LatentScale::restore(const at::Tensor& frame) const {
  return frame.to(mean_.device(), at::kFloat) * std_ + mean_;
}

}  // namespace orrery
