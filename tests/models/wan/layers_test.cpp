// Layers of the video VAE alone, where whole pictures hide what one of them rounds.
#include "models/wan/layers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "io/checkpoint/safetensors_files.h"
#include "io/checkpoint/write_checkpoint.h"

namespace orrery {
namespace {

constexpr std::int64_t kChannels = 7;

class ChannelNorms : public testing::Test {
 protected:
  ChannelNorms() {
    gamma_ = at::linspace(0.3, 1.7, kChannels);
    folder_.write("diffusion_pytorch_model.safetensors", safetensors({{"gamma", gamma_.view({kChannels, 1, 1, 1})}}));
  }
  ChannelNorm norm(at::ScalarType dtype) const {
    return {Weights(std::make_shared<ShardedCheckpoint>(folder_.path()), Shard{}, at::kCPU, dtype), kChannels};
  }
  // The formula in float64.
  at::Tensor expected(const at::Tensor& x) const {
    const at::Tensor exact = x.to(at::kDouble);
    const at::Tensor gain = (gamma_.to(at::kDouble) * std::sqrt(double{kChannels})).view({-1, 1, 1, 1});
    return exact / at::linalg_vector_norm(exact, 2, {1}, true).clamp_min(1e-12) * gain;
  }

  TemporaryFolder folder_;
  at::Tensor gamma_;
  at::Tensor x_ = (at::arange(kChannels * 2 * 5 * 9, at::kFloat) * 0.7).sin().view({1, kChannels, 2, 5, 9});
};

// A gain of 8 bits would be off by up to 0.4 %.
TEST_F(ChannelNorms, TheGainIsFloat32WhateverTheModelComputesIn) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const at::Tensor found = norm(dtype)(x_).to(at::kDouble);
    EXPECT_TRUE(at::allclose(found, expected(x_), 1e-5, 1e-7)) << dtype;
    const at::Tensor out = at::empty_like(x_);
    norm(dtype).with_silu({x_, {}}, out);
    EXPECT_TRUE(at::allclose(out.to(at::kDouble), at::silu(expected(x_)), 1e-5, 1e-7)) << dtype;
  }
}

TEST_F(ChannelNorms, ABfloat16ResultIsRoundedOnce) {
  const at::Tensor x = x_.to(at::kBFloat16);
  EXPECT_TRUE(at::equal(norm(at::kBFloat16)(x), expected(x).to(at::kFloat).to(at::kBFloat16)));
}

}  // namespace
}  // namespace orrery
