#include <gtest/gtest.h>

#include <map>
#include <string>

#include "app/bench/parts.h"
#include "models/cost/decoder_work.h"
#include "support/nano.h"

namespace orrery {
namespace {

TEST(VaeBench, EveryStageHasItsConvolutions) {
  const WanConfig config = nano_vae_config();
  ConvCeilings ceilings;
  for (const DecoderConv& conv : decoder_convs(config, 6, 10)) ceilings[conv.text()] = 2;
  const auto costs = conv_costs(config, 6, 10, ceilings);
  const std::map<std::string, int> calls{{"conv", 3},
                                         {"middle / conv", 4},
                                         {"up block 0 / conv", 11},
                                         {"up block 1 / conv", 11},
                                         {"up block 2 / conv", 11},
                                         {"up block 3 / conv", 7}};
  ASSERT_EQ(costs.size(), calls.size());
  double flops = middle_attention_flops(config, 6, 10);
  for (const auto& [phase, count] : calls) {
    EXPECT_EQ(costs.at(phase).best_ms, 2) << phase;
    flops += costs.at(phase).flops * count;
  }
  EXPECT_NEAR(flops / decoder_flops(config, 6, 10), 1, 1e-12);
}

// Computed by hand: strips of 45 x 40 cells are side by side, so that a halo line is as long as the picture is high.
TEST(VaeBench, EdgesThatStripsExchange) {
  std::map<std::string, PhaseCost> costs;
  add_halo_costs(nano_vae_config(), {45, 40}, 45, 2, costs);
  EXPECT_EQ(costs.at("middle / halo").bytes, 2.0 * 47 * 1024 * 2);  // to two neighbours, one frame, two bytes per value
  // Six convolutions of one frame, and an upsampling convolution of two frames.
  EXPECT_NEAR(costs.at("up block 0 / halo").bytes, 2.0 * 47 * 1024 * 2 * (6 + 2) / 7, 1e-6);
  const double last = 2.0 * 4 * 362 * 2;  // a line of four frames to both neighbours, per channel
  EXPECT_NEAR(costs.at("up block 3 / halo").bytes, last * (512 + 5 * 256) / 6, 1e-6);
  EXPECT_EQ(costs.at("halo").bytes, (2.0 * 47 * 48 * 2 + last * 256) / 2);
}

}  // namespace

}  // namespace orrery
