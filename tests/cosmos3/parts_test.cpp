#include <gtest/gtest.h>

#include "cosmos3/gen_tower.h"
#include "cosmos3/positions.h"
#include "support/golden.h"

namespace orrery {
namespace {

using Runs = std::vector<std::pair<Range, bool>>;

Runs runs_of(std::int64_t frames, const std::vector<std::int64_t>& given) {
  Runs runs;
  for (const auto& [tokens, noisy] : token_runs(frames, 10, given)) runs.emplace_back(tokens, noisy);
  return runs;
}

TEST(TokenRuns, CoverAllFramesInOrder) {
  EXPECT_EQ(runs_of(3, {}), (Runs{{{0, 30}, true}}));
  EXPECT_EQ(runs_of(3, {0}), (Runs{{{0, 10}, false}, {{10, 20}, true}}));
  EXPECT_EQ(runs_of(5, {1, 2, 4}), (Runs{{{0, 10}, true}, {{10, 20}, false}, {{30, 10}, true}, {{40, 10}, false}}));
  EXPECT_EQ(runs_of(2, {0, 1}), (Runs{{{0, 20}, false}}));
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
  const std::int64_t text = golden["text_ids"].numel();
  RopeTable rope = video_rope(config, patch_grid(noise.sizes()), fps, text, at::kCPU, at::kFloat);
  if (golden.has("noise_sound")) {
    const at::Tensor positions = sound_positions(config, golden["noise_sound"].size(1), text);
    const RopeTable sound = rope_table(config, positions, at::kCPU, at::kFloat);
    rope = {at::cat({rope.cos, sound.cos}), at::cat({rope.sin, sound.sin})};
  }
  EXPECT_LE(max_abs(rope.cos, golden["gen_rope_cos"].squeeze(0)), kLastBit);
  EXPECT_LE(max_abs(rope.sin, golden["gen_rope_sin"].squeeze(0)), kLastBit);
}

INSTANTIATE_TEST_SUITE_P(Golden, Rope,
                         testing::Values("tiny/t2v", "tiny/odd_grid_karras_nocfg", "tiny/single_frame", "tiny/i2v",
                                         "tiny/t2av", "tiny/i2av", "gqa_native/t2v", "gqa_native/i2av"));

// Token by token, in both roundings that a run takes.
TEST(VideoRope, IsTheTableOfEveryTokensPositions) {
  const Cosmos3Config config = read_cosmos3_config(golden_checkpoint("gqa_native") / "transformer" / "config.json");
  constexpr VideoGrid kGrid{.frames = 5, .rows = 23, .columns = 7};
  constexpr double kFps = 25;
  constexpr std::int64_t kText = 211;
  const double begin = static_cast<double>(kText) + config.temporal_margin;
  const at::Tensor frames = at::arange(kGrid.frames, at::kFloat) / (kFps / 4) * (config.base_fps / 4) + begin;
  const std::vector<at::Tensor> places =
      at::meshgrid({frames, at::arange(kGrid.rows, at::kFloat), at::arange(kGrid.columns, at::kFloat)}, "ij");
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const RopeTable expected = rope_table(config, at::stack(places).view({3, -1}), at::kCPU, dtype);
    const RopeTable rope = video_rope(config, kGrid, kFps, kText, at::kCPU, dtype);
    EXPECT_TRUE(at::equal(rope.cos, expected.cos) && at::equal(rope.sin, expected.sin)) << dtype;
    EXPECT_TRUE(rope.cos.is_contiguous() && rope.sin.is_contiguous()) << dtype;
  }
}

}  // namespace
}  // namespace orrery
