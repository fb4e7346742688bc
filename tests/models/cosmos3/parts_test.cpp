#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "models/cosmos3/stream_layers.h"
#include "models/cosmos3/transformer.h"
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

TEST(StreamKinds, HaveARowForEachStreamInOrder) {
  ASSERT_EQ(kStreamKinds.size(), kStreams.size());
  for (const StreamSchema& schema : kStreams) EXPECT_EQ(kind_of(schema.stream).stream, schema.stream);
}

TEST(MediaShape, CountsTheTokensOfAllStreams) {
  const MediaShape shape{{{Stream::Video, {{8, 3, 5, 7}, {0, 2}}}, {Stream::Sound, {{4, 11}}}}};
  EXPECT_EQ(shape.tokens(), 3 * 3 * 4 + 11) << "odd heights and widths are padded";
  EXPECT_EQ(shape.values(), 8 * 3 * 5 * 7 + 4 * 11);
  EXPECT_EQ(shape.streams.at(Stream::Video).given_extents(), (std::vector<std::int64_t>{8, 2, 5, 7}));
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

// MODEL.md §4, one token at a time, for values that no golden checkpoint has: they share nearly all of them.
class RopeOfOtherConfigs : public testing::Test {
 protected:
  RopeOfOtherConfigs() {
    config_.head_dim = 24;
    config_.rope_theta = 777;
    config_.mrope_section = {6, 4, 2};
    config_.base_fps = 16;
    config_.temporal_margin = 1234;
    config_.sound_latent_fps = 20;
  }
  // The cosines of a token at (t, h, w).
  std::vector<double> cosines(double t, double h, double w) const {
    std::vector<double> values;
    for (std::int64_t half = 0; half < 2; ++half) {
      for (std::int64_t slot = 0; slot < config_.head_dim / 2; ++slot) {
        const bool follows_h = slot % 3 == 1 && slot < 3 * config_.mrope_section[1];
        const bool follows_w = slot % 3 == 2 && slot < 3 * config_.mrope_section[2];
        const double place = follows_h ? h : follows_w ? w : t;
        const double exponent = 2.0 * static_cast<double>(slot) / static_cast<double>(config_.head_dim);
        values.push_back(std::cos(place * std::pow(config_.rope_theta, -exponent)));
      }
    }
    return values;
  }
  static void expect_near(const at::Tensor& found, const std::vector<double>& expected) {
    const at::Tensor wanted = at::tensor(expected, at::kDouble);
    EXPECT_LE(max_abs(found.flatten().to(at::kDouble), wanted), 2e-4) << "float32 at positions above a thousand";
  }

  Cosmos3Config config_;
};

TEST_F(RopeOfOtherConfigs, OfVideo) {
  constexpr VideoGrid kGrid{.frames = 3, .rows = 4, .columns = 5};
  constexpr double kFps = 30;
  constexpr std::int64_t kText = 11;
  for (const bool modulated : {true, false}) {
    config_.enable_fps_modulation = modulated;
    const at::Tensor found = video_rope(config_, kGrid, kFps, kText, at::kCPU, at::kFloat).cos;
    const double frame = modulated ? config_.base_fps / kFps : 1;
    for (std::int64_t token = 0; token < kGrid.tokens(); ++token) {
      SCOPED_TRACE(token);
      const std::int64_t t = token / 20, h = token / 5 % 4, w = token % 5;
      expect_near(found[token], cosines(static_cast<double>(kText) + config_.temporal_margin + frame * double(t),
                                        static_cast<double>(h), static_cast<double>(w)));
    }
  }
}

TEST_F(RopeOfOtherConfigs, OfSound) {
  constexpr std::int64_t kText = 11;
  constexpr std::int64_t kSoundSteps = 7;
  const at::Tensor positions = sound_positions(config_, kSoundSteps, kText);
  const at::Tensor found = rope_table(config_, positions, at::kCPU, at::kFloat).cos;
  for (std::int64_t step = 0; step < kSoundSteps; ++step) {
    SCOPED_TRACE(step);
    const double t = static_cast<double>(kText) + config_.temporal_margin +
                     static_cast<double>(step) / config_.sound_latent_fps * config_.base_fps;
    EXPECT_NEAR(positions[0][step].item<float>(), t, 2e-4);
    expect_near(found[step], cosines(t, 0, 0));
  }
}

TEST_F(RopeOfOtherConfigs, OneFrameAndOneSoundStepStandAtTheMargin) {
  config_.base_fps = 16;
  EXPECT_EQ(sound_positions(config_, 1, 5)[0][0].item<float>(), 5 + 1234);
  expect_near(video_rope(config_, {1, 1, 1}, 30, 5, at::kCPU, at::kFloat).cos, cosines(5 + 1234, 0, 0));
}

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
