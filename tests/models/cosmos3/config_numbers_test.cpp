// Numbers of a config that all golden checkpoints share, and so cannot tell from constants.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/parallel/rank_groups.h"
#include "io/checkpoint/safetensors_files.h"
#include "models/cosmos3/transformer.h"
#include "support/golden.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

const std::filesystem::path kFolder = golden_checkpoint("tiny") / "transformer";

// The golden checkpoint "tiny", with what is added to the residual stream and what enters a head's norm times `factor`.
class ScaledCheckpoint : public ShardedCheckpoint {
 public:
  explicit ScaledCheckpoint(double factor) : ShardedCheckpoint(kFolder), factor_(factor) {}
  void copy(const std::string& name, const Slice& slice, at::Tensor into) const override {
    constexpr std::array kScaled{"embed_tokens",           "proj_in",      "audio_modality_embed",
                                 "time_embedder.linear_2", ".to_q.",       ".to_k.",
                                 ".add_q_proj.",           ".add_k_proj.", ".to_out.",
                                 ".to_add_out.",           "down_proj"};
    ShardedCheckpoint::copy(name, slice, into);
    const auto is_in_name = [&](const char* part) { return name.find(part) != std::string::npos; };
    if (std::any_of(kScaled.begin(), kScaled.end(), is_in_name)) into.mul_(factor_);
  }

 private:
  double factor_;
};

class NormEpsilon : public testing::Test {
 protected:
  // The first velocities of a clip with sound.
  MediaLatents velocities(double factor, double epsilon) const {
    Cosmos3Config config = read_cosmos3_config(kFolder / "config.json");
    config.rms_norm_eps = epsilon;
    const auto tp = make_collectives(mpi_world(), at::kCPU);
    const Weights weights(std::make_shared<ScaledCheckpoint>(factor), tp->shard(), at::kCPU, at::kFloat);
    const Transformer model(weights, config, *tp);
    const MediaShape shape{
        {{Stream::Video, {{config.latent_channel, 2, 4, 6}}}, {Stream::Sound, {{config.sound_dim, 9}}}}};
    const auto deviates = [](at::IntArrayRef sizes) {
      return at::randn(sizes, at::detail::createCPUGenerator(3), at::kFloat);
    };
    const Branch branch = model.media_tower().prepare(model.text_tower()({1, 2, 3}), shape);
    MediaLatents latents;
    for (const auto& [stream, own] : shape.streams) latents[stream] = deviates(own.extents);
    return model.media_tower()(latents, 500, branch);
  }
};

// norm(f·x, f²·eps) = norm(x, eps) to the last bit, with f a power of 2. A norm with an eps of its own would find all
// of its input below it.
TEST_F(NormEpsilon, IsTheConfigsInEveryNorm) {
  constexpr double kFactor = 1.0 / 1024;
  constexpr double kEpsilon = 0.01;
  const MediaLatents expected = velocities(1, kEpsilon);
  const MediaLatents found = velocities(kFactor, kFactor * kFactor * kEpsilon);
  for (const auto& [stream, velocity] : expected) {
    EXPECT_TRUE(at::equal(found.at(stream), velocity)) << max_abs(found.at(stream), velocity);
  }
  const at::Tensor& video = expected.at(Stream::Video);
  EXPECT_GT(max_abs(velocities(1, 1e-6).at(Stream::Video), video), 1e-4) << "eps makes no difference here";
}

// MODEL.md §4 in float64.
TEST(Timesteps, AreScaledAsTheConfigSays) {
  Cosmos3Config config = read_cosmos3_config(kFolder / "config.json");
  const Weights weights(std::make_shared<ShardedCheckpoint>(kFolder), Shard{}, at::kCPU, at::kFloat);
  const Weights embedder = weights / "time_embedder";
  const std::int64_t hidden = config.hidden_size;
  const auto take = [&](const char* name, at::IntArrayRef shape) { return embedder.take(name, shape).to(at::kDouble); };
  for (const double scale : {0.001, 0.02}) {
    config.timestep_scale = scale;
    const at::Tensor found = TimestepEmbedding(embedder, config)(750);
    const at::Tensor angles = 750 * scale * at::exp(at::arange(128, at::kDouble) * (-std::log(10000.0) / 128));
    const at::Tensor features = at::cat({angles.cos(), angles.sin()});
    const at::Tensor inner =
        at::silu(at::linear(features, take("linear_1.weight", {hidden, 256}), take("linear_1.bias", {hidden})));
    const at::Tensor expected =
        at::linear(inner, take("linear_2.weight", {hidden, hidden}), take("linear_2.bias", {hidden}));
    EXPECT_LE(max_abs(found.to(at::kDouble), expected), 1e-5) << scale;
  }
}

}  // namespace
}  // namespace orrery
