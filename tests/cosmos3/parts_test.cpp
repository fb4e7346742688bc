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
