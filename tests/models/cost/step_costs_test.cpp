#include "models/cost/step_costs.h"

#include <gtest/gtest.h>

#include "support/nano.h"

namespace orrery {
namespace {

TEST(LayerWork, NanoAt720pByHand) {
  const LayerWork work = layer_work(nano_config(), 44160, 512);
  const auto products = work.products();
  EXPECT_EQ(products[0].in, 4096);
  EXPECT_EQ(products[0].out, 6144);
  EXPECT_EQ(products[2].out, 24576);
  EXPECT_EQ(products[3].in, 12288);
  EXPECT_EQ(work.product_flops(products[0]), 2222645575680.0);  // 2 · 44160 · 4096 · 6144
  EXPECT_EQ(work.product_flops(products[1]), 1481763717120.0);  // 2 · 44160 · 4096 · 4096
  EXPECT_EQ(work.product_flops(products[2]), 8890582302720.0);  // 2 · 44160 · 4096 · 24576
  EXPECT_EQ(work.product_flops(products[3]), 4445291151360.0);  // 2 · 44160 · 12288 · 4096
  EXPECT_EQ(work.attention_flops(), 32320971079680.0);          // 4 · 44160 · 44672 · 4096
  EXPECT_EQ(work.flops(), 49361253826560.0);
}

TEST(LayerWork, ATpGroupSharesAllOfIt) {
  Cosmos3Config super = nano_config();
  super.hidden_size = 5120;
  super.intermediate_size = 25600;
  super.num_attention_heads = 64;
  const LayerWork whole = layer_work(super, 1000, 24);
  for (const int tp : {2, 4, 8}) {
    const LayerWork part = layer_work(super, 1000, 24, {.tp = tp});
    EXPECT_DOUBLE_EQ(part.flops() * tp, whole.flops());
    EXPECT_EQ(part.products()[0].out * tp, 8192 + 2 * 1024);
    EXPECT_EQ(part.products()[1].out, 5120);
  }
}

TEST(LayerWork, AttentionInEightBitsMovesBytes) {
  const LayerWork work = layer_work(nano_config(), 100, 28, {.tp = 2});
  const PhaseCosts costs = layer_costs(work, {RowFormat::Plain, RowFormat::Float8}, {}, 2);
  EXPECT_EQ(costs.at("head norm + rope").bytes, 100 * (16 + 4) * 128 * 3);
  EXPECT_EQ(costs.at("text keys and values").bytes, 2 * 28 * 4 * 128);
  EXPECT_EQ(costs.at("mean of values").bytes, 100 * 4 * 128 * 2);
  EXPECT_EQ(costs.at("values in 8 bits").bytes, 128 * 4 * 128 * 3);
  EXPECT_EQ(costs.at("attention / mean added").bytes, 2 * 100 * 16 * 128 * 2);
}

// Over 4 ranks 1002 tokens are 251, 251, 250, 250. Of two kv heads four ranks have one each.
TEST(LayerWork, AnSpGroupSharesTokensAndHeads) {
  const LayerWork part = layer_work(nano_config(), 1002, 24, {.sp = 4});
  EXPECT_EQ(part.tokens, 251);
  EXPECT_EQ(part.attention_flops() * 4, layer_work(nano_config(), 1002, 24).attention_flops());
  EXPECT_EQ(part.products()[0].out, 6144);
  EXPECT_EQ(part.sent_for_heads(), 3 * 251 * (8 + 2 * 2) * 128);
  EXPECT_EQ(part.sent_for_tokens(), 751 * 8 * 128);
  const LayerWork replicated = layer_work(nano_config(), 1002, 24, {.tp = 4, .sp = 4});
  EXPECT_EQ(replicated.attention_heads, 2);
  EXPECT_EQ(replicated.attention_kv_heads, 1);
  EXPECT_EQ(replicated.sent_for_heads(), 3 * 251 * (2 + 2) * 128);
}

TEST(LayerWork, EveryPhaseHasItsCeiling) {
  const LayerWork work = layer_work(nano_config(), 100, 28, {.tp = 2});
  LayerCeilings ceilings;
  ceilings.attention_ms = 7;
  ceilings.product_ms = {1, 2, 3, 4};
  ceilings.copy_gbps = 1000;
  EXPECT_EQ(ceilings.layer_ms(), 17);
  const MediaShape shape{{{Stream::Video, {{48, 1, 19, 20}}}}};  // 10 x 10 patches
  const auto costs = step_costs(work, shape, {}, ceilings, 2);
  EXPECT_EQ(costs.at("attention").best_ms, 7);
  EXPECT_EQ(costs.at("down product").best_ms, 4);
  EXPECT_EQ(costs.at("down product").flops, work.product_flops(work.products()[3]));
  EXPECT_EQ(costs.at("residual + mlp norm").bytes, 4 * 100 * 4096 * 2);  // two read, two written
  EXPECT_EQ(costs.at("silu * mul").bytes, 3 * 100 * 6144 * 2);
  EXPECT_EQ(costs.at("head norm + rope").bytes, 2 * 100 * (16 + 4) * 128 * 2);
  EXPECT_EQ(costs.at("text keys and values").bytes, 2 * 2 * 28 * 4 * 128 * 2);
  EXPECT_EQ(costs.at("patchify").bytes, 48 * 19 * 20 * 4 + 100 * 192 * 2);
  EXPECT_EQ(costs.at("unpatchify").bytes, costs.at("patchify").bytes);
  EXPECT_EQ(costs.at("embed").bytes, 100 * (192 + 4096) * 2);
  EXPECT_EQ(costs.at("embed").flops, 2.0 * 100 * 192 * 4096);
  EXPECT_EQ(costs.at("guidance + sampler step").bytes, 9 * 48 * 19 * 20 * 4);
  EXPECT_DOUBLE_EQ(costs.at("residual + input norm").best_ms,
                   4 * 100 * 4096 * 2 / 1e9);  // at 1000 GB/s: 1e9 bytes a ms
}

}  // namespace

}  // namespace orrery
