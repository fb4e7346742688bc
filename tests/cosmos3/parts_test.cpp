#include <gtest/gtest.h>

#include "cosmos3/patches.h"
#include "cosmos3/positions.h"
#include "support/golden.h"

namespace orrery {
namespace {

TEST(Patches, TokenOrderIsRowColumnChannel) {
  const at::Tensor latent = at::arange(2 * 1 * 2 * 4, at::kFloat).view({2, 1, 2, 4});  // (C, t, h, w)
  const at::Tensor tokens = patchify(latent);
  ASSERT_EQ(tokens.sizes(), (std::vector<std::int64_t>{2, 8}));
  const at::Tensor first = at::tensor({0, 8, 1, 9, 4, 12, 5, 13}, at::kFloat);
  EXPECT_TRUE(at::equal(tokens[0], first)) << tokens[0];
}

TEST(Patches, OddSizesArePaddedAndCropped) {
  const at::Tensor latent = at::randn({3, 2, 5, 7});
  const VideoGrid grid = patch_grid(latent.sizes());
  EXPECT_EQ(grid.tokens(), 2 * 3 * 4);
  const at::Tensor tokens = patchify(latent);
  EXPECT_EQ(tokens.size(0), grid.tokens());
  EXPECT_TRUE(at::equal(tokens[3].slice(0, 3, 6), at::zeros({3})));  // right of the last column
  EXPECT_TRUE(at::equal(unpatchify(tokens, latent.sizes()), latent));
}

// Cosines of one angle may differ in the last bit between math libraries; an angle that is off by its own last bit, at
// positions around 15000, would show as 1e-4.
constexpr double kLastBit = 1.2e-7;

class Rope : public testing::TestWithParam<const char*> {};

TEST_P(Rope, MatchesTheReference) {
  const Golden golden = Golden::load_case(GetParam());
  const std::string set = std::string(GetParam()).substr(0, std::string(GetParam()).find('/'));
  const Cosmos3Config config = read_cosmos3_config(golden_checkpoint(set) / "transformer" / "config.json");
  const at::Tensor noise = golden["noise_video"].squeeze(0);
  const double fps = golden.request().at("fps").get<double>();
  at::Tensor positions = video_positions(config, patch_grid(noise.sizes()), fps, golden["text_ids"].numel());
  if (golden.has("noise_sound")) {
    const std::int64_t steps = golden["noise_sound"].size(1);
    positions = at::cat({positions, sound_positions(config, steps, golden["text_ids"].numel())}, 1);
  }
  const RopeTable rope = rope_table(config, positions, at::kCPU, at::kFloat);
  EXPECT_LE(max_abs(rope.cos, golden["gen_rope_cos"].squeeze(0)), kLastBit);
  EXPECT_LE(max_abs(rope.sin, golden["gen_rope_sin"].squeeze(0)), kLastBit);
}

INSTANTIATE_TEST_SUITE_P(Golden, Rope,
                         testing::Values("tiny/t2v", "tiny/odd_grid_karras_nocfg", "tiny/single_frame", "tiny/i2v",
                                         "tiny/t2av", "tiny/i2av", "gqa_native/t2v", "gqa_native/i2av"));

}  // namespace
}  // namespace orrery
