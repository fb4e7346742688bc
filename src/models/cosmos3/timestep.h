#pragma once

#include <ATen/ATen.h>

#include "io/checkpoint/weights.h"
#include "models/cosmos3/config.h"

namespace orrery {

// Sinusoidal timestep features through two layers with SiLU between, in float32, weights included (MODEL.md §4).
class TimestepEmbedding {
 public:
  TimestepEmbedding(const Weights& w, const Cosmos3Config& config);
  // (hidden) float32. `timestep` is in 0…1000.
  at::Tensor operator()(double timestep) const;

 private:
  at::Tensor weight_1_, bias_1_, weight_2_, bias_2_;
  at::Tensor frequencies_;  // (128)
  double scale_;
};

}  // namespace orrery
