#include "models/cost/decoder_work.h"

#include <gtest/gtest.h>

#include "support/nano.h"

namespace orrery {
namespace {

TEST(VaeWork, ConvolutionsOfALatentFrameAt720p) {
  const std::vector<DecoderConv> convs = distinct_convs(decoder_convs(nano_vae_config(), 45, 80));
  struct Row {
    const char* text;
    std::int64_t count;
  };
  const std::vector<Row> expected{
      {"48 -> 48, 1x1x1, 1 x 45 x 80", 1},      {"48 -> 1024, 3x3x3, 1 x 45 x 80", 1},
      {"1024 -> 1024, 3x3x3, 1 x 45 x 80", 10},  // two blocks in the middle, three in the first up block
      {"1024 -> 2048, 3x1x1, 1 x 45 x 80", 1},  {"1024 -> 1024, 1x2x2, 2 x 46 x 81", 4},
      {"1024 -> 1024, 3x3x3, 2 x 90 x 160", 6}, {"1024 -> 2048, 3x1x1, 2 x 90 x 160", 1},
      {"1024 -> 1024, 1x2x2, 4 x 91 x 161", 4}, {"1024 -> 512, 3x3x3, 4 x 180 x 320", 1},
      {"512 -> 512, 3x3x3, 4 x 180 x 320", 5},  {"1024 -> 512, 1x1x1, 4 x 180 x 320", 1},
      {"512 -> 512, 1x2x2, 4 x 181 x 321", 4},  {"512 -> 256, 3x3x3, 4 x 360 x 640", 1},
      {"256 -> 256, 3x3x3, 4 x 360 x 640", 5},  {"512 -> 256, 1x1x1, 4 x 360 x 640", 1},
      {"256 -> 12, 3x3x3, 4 x 360 x 640", 1}};
  ASSERT_EQ(convs.size(), expected.size());
  for (std::size_t i = 0; i < convs.size(); ++i) {
    EXPECT_EQ(convs[i].text(), expected[i].text);
    EXPECT_EQ(convs[i].count, expected[i].count) << expected[i].text;
  }
  EXPECT_EQ(convs[2].frames_read(), 3);
  EXPECT_EQ(convs[4].frames_read(), 2);
  EXPECT_EQ(convs[2].flops(), 203843174400.0);  // 2 · 1024 · 1024 · 27 · 45 · 80
}

TEST(VaeWork, AttentionAndAllOfIt) {
  const WanConfig config = nano_vae_config();
  // Products 8 · 3600 · 1024², attention 4 · 3600² · 1024.
  EXPECT_EQ(middle_attention_flops(config, 45, 80), 30198988800.0 + 53084160000.0);
  double sum = middle_attention_flops(config, 45, 80);
  for (const DecoderConv& conv : decoder_convs(config, 45, 80)) sum += conv.flops();
  EXPECT_EQ(decoder_flops(config, 45, 80), sum);
}

TEST(VaeWork, SoundByHand) {
  SoundConfig c;
  c.vocoder_input_dim = 3;
  c.dec_dim = 2;
  c.dec_c_mults = {1, 2};
  c.dec_strides = {2, 3};
  // First 3 → 4 over 5 steps; up by 3 to 2 channels over 15, three residual units; up by 2 to 2 channels over 30, three
  // more; last 2 → 2.
  const double expected = 2.0 * (3 * 4 * 7 * 5 + 4 * 2 * 6 * 5 + 3 * (2 * 2 * 8 * 15) + 2 * 2 * 4 * 15 +
                                 3 * (2 * 2 * 8 * 30) + 2 * 2 * 7 * 30);
  EXPECT_EQ(sound_flops(c, 5), expected);
}

}  // namespace
}  // namespace orrery
