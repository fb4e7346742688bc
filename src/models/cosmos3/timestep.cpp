#include "models/cosmos3/timestep.h"

#include <cmath>

namespace orrery {
namespace {

constexpr std::int64_t kFrequencies = 128;

}  // namespace

TimestepEmbedding::TimestepEmbedding(const Weights& w, const Cosmos3Config& config)
    : weight_1_(w.take_float32("linear_1.weight", {config.hidden_size, 2 * kFrequencies})),
      bias_1_(w.take_float32("linear_1.bias", {config.hidden_size})),
      weight_2_(w.take_float32("linear_2.weight", {config.hidden_size, config.hidden_size})),
      bias_2_(w.take_float32("linear_2.bias", {config.hidden_size})),
      frequencies_(
          at::exp(at::arange(kFrequencies, at::kFloat) * (-std::log(10000.0) / kFrequencies)).to(weight_1_.device())),
      scale_(config.timestep_scale) {}

at::Tensor TimestepEmbedding::operator()(double timestep) const {
  const at::Tensor angles = frequencies_ * (timestep * scale_);
  const at::Tensor features = at::cat({angles.cos(), angles.sin()}).unsqueeze(0);
  return at::linear(at::silu(at::linear(features, weight_1_, bias_1_)), weight_2_, bias_2_).squeeze(0);
}

}  // namespace orrery
