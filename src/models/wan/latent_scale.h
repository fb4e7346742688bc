#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "models/wan/config.h"

namespace orrery {

// Between the VAE's own latents and the normalised ones that the transformer and the latent files hold, per channel.
// Frames are (C, h, w), any dtype and device; results are float32 on the scale's device.
class LatentScale {
 public:
  LatentScale(const WanConfig& config, at::Device device);

  std::int64_t channels() const { return mean_.size(0); }
  at::Device device() const { return mean_.device(); }
  at::Tensor normalise(const at::Tensor& frame) const;  // (frame - mean) / std
  at::Tensor restore(const at::Tensor& frame) const;    // frame · std + mean

 private:
  at::Tensor mean_, std_;  // (C, 1, 1), float32
};

}  // namespace orrery
