#include "app/plan/clip_work.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "app/plan/forecast.h"
#include "published.h"

namespace orrery {
namespace {

const PromptIds kTexts{TokenIds(512, 1), TokenIds(500, 1)};

ClipWork work(const ModelSizes& sizes, const Request& request = {}) { return clip_work(sizes, request, kTexts, true); }

ModelSizes in_8_bits(ModelSizes sizes) {
  sizes.layout.products = RowFormat::Float8;
  return sizes;
}

// Computed by hand: 48 x 23 x 40 tokens; a layer's products take 4096 · (6144 + 4096 + 24576) + 12288 · 4096
// multiplications per token.
TEST(ClipWork, OfThePublishedModelByHand) {
  const ClipWork clip = work(nano_sizes());
  constexpr double kTokens = 44160;
  EXPECT_EQ(clip.tokens, 44160);
  EXPECT_EQ(clip.text_tokens, 512);
  EXPECT_EQ(clip.steps, 35);
  EXPECT_DOUBLE_EQ(clip.step.product_flops, 2 * 36 * 2 * kTokens * (4096.0 * (6144 + 4096 + 24576) + 12288.0 * 4096));
  EXPECT_DOUBLE_EQ(clip.step.attention_flops, 36 * 4 * kTokens * 4096 * (2 * kTokens + 512 + 500));
  EXPECT_EQ(clip.step.sent_bytes(), 0);
  EXPECT_DOUBLE_EQ(clip.decoded_pixels, 189.0 * 1280 * 720);
  EXPECT_DOUBLE_EQ(clip.latent_bytes, 4.0 * 48 * 48 * 45 * 80);
  EXPECT_NEAR(clip.flops() / 1e15, 35 * 3.565 + 3.0, 0.5);
}

TEST(ClipWork, IsSharedOutByRanks) {
  const ClipWork whole = work(nano_sizes()), half = work(nano_sizes({1, 2})), branch = work(nano_sizes({2, 1}));
  EXPECT_DOUBLE_EQ(half.step.product_flops * 2, whole.step.product_flops);
  EXPECT_DOUBLE_EQ(half.step.attention_flops * 2, whole.step.attention_flops);
  EXPECT_GT(half.step.memory_bytes * 2, whole.step.memory_bytes) << "the residual stream is not shared out";
  // Both branches, 36 layers, two all-reduces of 44160 x 4096 two-byte values; each rank sends half of them twice.
  EXPECT_DOUBLE_EQ(half.step.sum_bytes, 2 * 36 * 2 * 44160.0 * 4096 * 2);
  EXPECT_DOUBLE_EQ(work(nano_sizes({1, 4})).step.sum_bytes, half.step.sum_bytes * 1.5);
  EXPECT_DOUBLE_EQ(branch.step.product_flops * 2, whole.step.product_flops);
  EXPECT_EQ(branch.step.sum_bytes, 0);
  EXPECT_DOUBLE_EQ(branch.step.gather_bytes, branch.latent_bytes);
  EXPECT_EQ(branch.text_tokens, 512) << "of the longer text";
  EXPECT_DOUBLE_EQ(half.decoded_pixels * 2, whole.decoded_pixels);
}

TEST(ClipWork, FollowsTheRequest) {
  Request request;
  request.guidance_scale = 1;
  const ModelSizes sizes = nano_sizes({2, 1});
  EXPECT_EQ(work(sizes, request).step.gather_bytes, 0);
  EXPECT_DOUBLE_EQ(work(nano_sizes(), request).step.product_flops, work(sizes).step.product_flops);
  request.sound = true;
  EXPECT_EQ(work(sizes, request).tokens, 44160 + 197);
  EXPECT_EQ(clip_work(sizes, request, kTexts, false).decode_flops, 0);
  EXPECT_LT(work(in_8_bits(sizes), request).step.memory_bytes, work(sizes, request).step.memory_bytes);
}

TEST(ClipWork, LeavesOutWhatACacheAndAnIntervalDo) {
  const ClipWork all = work(nano_sizes());
  EXPECT_EQ(all.full_steps, 35);
  EXPECT_EQ(all.idle_steps, 0);
  Request request;
  request.step_cache.threshold = 0.25;
  const ClipWork cached = work(nano_sizes(), request);
  EXPECT_EQ(cached.full_steps, 18);
  EXPECT_DOUBLE_EQ(cached.step.product_flops, all.step.product_flops);
  EXPECT_NEAR(cached.flops(), all.flops() - 17 * all.step.flops(), 1e-6 * all.flops());
  request.step_cache = {};
  request.guidance_interval = {0, 900};  // 13 of 35 steps at flow_shift 10
  const ClipWork half = work(nano_sizes(), request), apart = work(nano_sizes({2, 1}), request);
  EXPECT_EQ(apart.full_steps, 35);
  EXPECT_EQ(half.full_steps, 35 - apart.idle_steps / 2);
  EXPECT_GT(apart.idle_steps, 10);
  EXPECT_LT(apart.idle_steps, 25);
}

// In each layer, 4096 · (6144 + 4096 + 24576) + 12288 · 4096 one-byte weights are converted to 16 bits and multiplied
// by their factors in place.
TEST(ClipWork, StepsInFullPrecisionMultiplyTheWeightsOut) {
  const auto with = [](FullPrecisionSteps steps, const Request& request = {}) {
    return clip_work(in_8_bits(nano_sizes()), request, kTexts, true, ScheduleKind::Native, steps);
  };
  const ClipWork clip = with({3, 2}), plain = work(nano_sizes());
  EXPECT_EQ(clip.full_steps, 35);
  EXPECT_EQ(clip.plain_steps, 5);
  EXPECT_EQ(with({30, 30}).plain_steps, 35);
  EXPECT_EQ(with({}).plain_steps, 0);
  EXPECT_DOUBLE_EQ(clip.plain_step.product_flops, plain.step.product_flops);
  EXPECT_DOUBLE_EQ(clip.plain_step.memory_bytes - plain.step.memory_bytes,
                   2 * 34 * (1 + 6) * (4096.0 * (6144 + 4096 + 24576) + 12288.0 * 4096));
  Request cached;
  cached.step_cache.threshold = 0.25;
  const ClipWork some = with({3, 3}, cached);
  EXPECT_GE(some.plain_steps, 2) << "the first and the last step are computed whatever the cache does";
  EXPECT_LE(some.plain_steps, 6);
  EXPECT_EQ(some.full_steps, 18);
}

TEST(ClipWork, AClipThatIsContinuedIsDecodedFirst) {
  Request request;
  request.encodes_parent = true;
  EXPECT_DOUBLE_EQ(work(nano_sizes(), request).decode_flops, 2 * work(nano_sizes()).decode_flops);
  EXPECT_DOUBLE_EQ(clip_work(nano_sizes(), request, kTexts, false).decoded_pixels, work(nano_sizes()).decoded_pixels);
  request.id = "a@1";
  EXPECT_DOUBLE_EQ(work(nano_sizes(), request).decode_flops, work(nano_sizes()).decode_flops) << "for its files";
  EXPECT_DOUBLE_EQ(clip_work(nano_sizes(), request, kTexts, false).decoded_pixels, work(nano_sizes()).decoded_pixels);
}

TEST(ClipSeconds, AreWorkByRates) {
  MachineProfile machine;
  machine.plain = {RateCurve({{1, 1e15}}), RateCurve({{1, 2e15}}), RateCurve({{1, 4e12}})};
  machine.link = 1e11;
  machine.exchange = 5e10;
  machine.waited_for = 0.5;
  machine.decoded_pixels = 1e7;
  machine.sound_steps = 100;
  machine.saved_bytes = 1e8;
  Request request;
  request.sound = true;
  ClipWork clip = work(nano_sizes({1, 2, 2}), request);
  clip.sound_steps = 200;
  const ClipSeconds seconds = clip_seconds(clip, machine, machine.plain);
  EXPECT_DOUBLE_EQ(seconds.attention, 35 * clip.step.attention_flops / 1e15);
  EXPECT_DOUBLE_EQ(seconds.products, 35 * clip.step.product_flops / 2e15);
  EXPECT_DOUBLE_EQ(seconds.memory, 35 * clip.step.memory_bytes / 4e12);
  EXPECT_DOUBLE_EQ(seconds.exchange, 35 * (clip.step.sum_bytes * 0.5 / 1e11 + clip.step.exchange_bytes / 5e10));
  EXPECT_DOUBLE_EQ(seconds.decode, clip.decoded_pixels / 1e7 + 2);
  EXPECT_DOUBLE_EQ(seconds.save, clip.latent_bytes / 1e8);
  ClipWork mixed = clip;
  mixed.plain_steps = 5;
  machine.float8 = {RateCurve({{1, 2e15}}), RateCurve({{1, 8e15}}), RateCurve({{1, 4e12}})};
  const ClipSeconds some = clip_seconds(mixed, machine, machine.float8);
  EXPECT_DOUBLE_EQ(some.attention, seconds.attention * (5.0 + 30.0 / 2) / 35);
  EXPECT_DOUBLE_EQ(some.products, seconds.products * (5.0 + 30.0 / 4) / 35);
  EXPECT_DOUBLE_EQ(seconds.total(), seconds.text + seconds.denoise() + std::max(seconds.save, seconds.decode));
}

}  // namespace
}  // namespace orrery
