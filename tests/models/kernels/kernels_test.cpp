#include <gtest/gtest.h>

#include <cmath>

#include "models/kernels/attention_kernels.h"
#include "models/kernels/head_norm_rope.h"
#include "models/kernels/patches.h"
#include "models/kernels/sampler_step.h"
#include "models/kernels/scaled_rows.h"

// The ATen twins, which the CPU runs, against the formulas element by element.
namespace orrery {
namespace {

TEST(AddRmsNorm, AddsThenNormalises) {
  at::Tensor x = at::tensor({3.0F, 4.0F, 0.0F, -1.0F}).view({2, 2});
  const at::Tensor delta = at::tensor({0.0F, 0.0F, 6.0F, 9.0F}).view({2, 2});
  const at::Tensor weight = at::tensor({1.0F, 2.0F});
  const at::Tensor normed = add_rms_norm(x, {delta, {}}, weight, 0).data;
  const at::Tensor sum = at::tensor({3.0F, 4.0F, 6.0F, 8.0F}).view({2, 2});
  const at::Tensor root = at::tensor({12.5F, 50.0F}).sqrt().view({2, 1});
  EXPECT_TRUE(at::equal(x, sum));
  EXPECT_TRUE(at::allclose(normed, sum / root * weight, 1e-6, 0));
}

TEST(AddRmsNorm, LeavesXWithoutADelta) {
  at::Tensor x = at::randn({3, 16});
  const at::Tensor before = x.clone();
  add_rms_norm(x, {}, at::ones({16}), 1e-6);
  EXPECT_TRUE(at::equal(x, before));
}

TEST(AddRmsNorm, AddsBothTerms) {
  at::Tensor x = at::tensor({1.0F, 1.0F}).view({1, 2});
  const at::Tensor one = at::tensor({1.0F, 0.0F}).view({1, 2}), other = at::tensor({1.0F, 3.0F}).view({1, 2});
  add_rms_norm(x, {one, other}, at::ones({2}), 0);
  EXPECT_TRUE(at::equal(x, at::tensor({3.0F, 4.0F}).view({1, 2})));
}

TEST(Float8Rows, KeepARowsLargestAndRoundTheRest) {
  const at::Tensor x = at::tensor({1.0F, -4.48F, 0.0F, 0.0F, 0.0F, 0.0F, 448.0F, 17.0F, 16.9F}).view({3, 3});
  const ScaledRows rows = float8_rows(x);
  EXPECT_TRUE(at::allclose(rows.scale, at::tensor({0.01F, 0.0F, 1.0F}), 1e-6, 0));
  // Three bits of mantissa: 100 lies between 96 and 104, 17 between 16 and 18, and ties go to even.
  const at::Tensor expected = at::tensor({0.96F, -4.48F, 0.0F, 0.0F, 0.0F, 0.0F, 448.0F, 16.0F, 16.0F}).view({3, 3});
  const at::Tensor plain = plain_rows(rows, at::kFloat);
  EXPECT_TRUE(at::allclose(plain, expected, 1e-5, 0)) << plain;
}

// What is too large for it is cut off.
TEST(Float8Rows, TakeTheFactorThatIsGiven) {
  const at::Tensor x = at::tensor({1.0F, -4.48F, 0.5F, 17.0F, -1e4F, 9e3F}).view({2, 3});
  const ScaledRows rows = float8_rows(x, 0.5F);
  EXPECT_TRUE(at::equal(rows.scale, at::full({2}, 0.5F)));
  const at::Tensor expected = at::tensor({1.0F, -4.5F, 0.5F, 16.0F, -224.0F, 224.0F}).view({2, 3});
  EXPECT_TRUE(at::equal(plain_rows(rows, at::kFloat), expected)) << plain_rows(rows, at::kFloat);
}

TEST(Float8Rows, AreWithinHalfAStep) {
  const at::Tensor x = at::randn({7, 300});
  const at::Tensor error = (plain_rows(float8_rows(x), at::kFloat) - x).abs();
  EXPECT_LE((error / (x.abs() + 0.02)).max().item<double>(), 1.0 / 16 + 1e-3);
}

TEST(Product, ScalesRowsAndChannels) {
  const at::Tensor x = at::randn({5, 64}) * 3, w = at::randn({9, 64}) * 0.1;
  const ScaledRows x8 = float8_rows(x), w8 = float8_rows(w);
  at::Tensor y = at::empty({5, 9});
  product(y, x8, w8);
  const at::Tensor exact = at::mm(plain_rows(x8, at::kFloat), plain_rows(w8, at::kFloat).t());
  EXPECT_TRUE(at::allclose(y, exact, 1e-4, 1e-4));
  EXPECT_LE((y - at::mm(x, w.t())).norm().item<double>(), 0.06 * y.norm().item<double>());
  EXPECT_THROW(product(y, x8, {w, {}}), std::exception);
}

TEST(Fused, GiveTheFloat8RowsOfTheirResults) {
  at::Tensor x = at::randn({3, 32}), same = x.clone();
  const at::Tensor weight = at::ones({32});
  const ScaledRows fused = add_rms_norm(x, {}, weight, 1e-6, RowFormat::Float8);
  const ScaledRows apart = float8_rows(add_rms_norm(same, {}, weight, 1e-6).data);
  EXPECT_TRUE(at::equal(plain_rows(fused, at::kFloat), plain_rows(apart, at::kFloat)));
  at::Tensor once_more = same.clone();
  EXPECT_TRUE(at::equal(plain_rows(add_rms_norm(once_more, {}, weight, 1e-6, {RowFormat::Float8, 0.01F}), at::kFloat),
                        plain_rows(float8_rows(add_rms_norm(same, {}, weight, 1e-6).data, 0.01F), at::kFloat)));
  const at::Tensor gate_up = at::randn({3, 32});
  for (const float factor : {0.0F, 0.01F}) {
    for (const MlpKind kind : {MlpKind::SwiGlu, MlpKind::SquaredRelu}) {
      EXPECT_TRUE(at::equal(plain_rows(activate(kind, gate_up, {RowFormat::Float8, factor}), at::kFloat),
                            plain_rows(float8_rows(activate(kind, gate_up).data, factor), at::kFloat)));
    }
  }
}

// By the definition, over all keys and over each set of them; in float64, since scores as large as these make much of
// the rounding of float32.
TEST(JoinAttention, GivesTheAttentionOverAllKeys) {
  const at::Tensor q = at::randn({5, 3, 8}, at::kDouble), k = at::randn({11, 3, 8}, at::kDouble) * 4;
  const at::Tensor v = at::randn({11, 3, 8}, at::kDouble);
  const auto over = [&](std::int64_t begin, std::int64_t size) {
    const at::Tensor scores = at::einsum("thd,khd->htk", {q, k.narrow(0, begin, size)});
    const at::Tensor out = at::einsum("htk,khd->thd", {scores.softmax(-1), v.narrow(0, begin, size)});
    return PartialAttention{out, scores.logsumexp(-1)};
  };
  for (const std::int64_t some_keys : {1, 4, 10}) {
    PartialAttention some = over(0, some_keys);
    join_attention(some, over(some_keys, 11 - some_keys));
    EXPECT_TRUE(at::allclose(some.out, over(0, 11).out, 1e-9, 1e-9)) << some_keys;
  }
}

TEST(HeadNormRope, TurnsPairsHalfAHeadApart) {
  at::Tensor qkv = at::tensor({3.0F, 4.0F, 6.0F, 8.0F, 5.0F, 6.0F}).view({1, 3, 2});  // a query, a key, a value
  const at::Tensor one = at::ones({2});
  const RopeTable quarter{at::zeros({1, 1, 2}), at::ones({1, 1, 2})};
  head_norm_rope(qkv, 1, 1, {one, 2 * one, 0}, quarter);
  const float root = std::sqrt(12.5F);
  EXPECT_NEAR(qkv[0][0][0].item<float>(), -4 / root, 1e-6);
  EXPECT_NEAR(qkv[0][0][1].item<float>(), 3 / root, 1e-6);
  EXPECT_NEAR(qkv[0][1][0].item<float>(), -16 / (2 * root), 1e-6);
  EXPECT_NEAR(qkv[0][1][1].item<float>(), 12 / (2 * root), 1e-6);
  EXPECT_EQ(qkv[0][2][0].item<float>(), 5);
  EXPECT_EQ(qkv[0][2][1].item<float>(), 6);
}

TEST(HeadNormRope, LeavesOutNormsThatAreNotGiven) {
  at::Tensor keys = at::tensor({6.0F, 8.0F, 5.0F, 6.0F}).view({1, 2, 2});
  head_norm_rope(keys, 1, 1, {}, {at::zeros({1, 1, 2}), at::ones({1, 1, 2})});
  EXPECT_TRUE(at::equal(keys, at::tensor({-8.0F, 6.0F, -6.0F, 5.0F}).view({1, 2, 2})));
}

TEST(SquaredRelu, IsZeroBelowZero) {
  const at::Tensor out = activate(MlpKind::SquaredRelu, at::tensor({-2.0F, 0.0F, 0.5F, 3.0F}).view({2, 2})).data;
  EXPECT_TRUE(at::equal(out, at::tensor({0.0F, 0.0F, 0.25F, 9.0F}).view({2, 2})));
}

TEST(SwiGlu, GatesTheSecondHalfByTheFirst) {
  const at::Tensor gate_up = at::tensor({0.0F, 2.0F, 10.0F, 3.0F}).view({1, 4});
  const at::Tensor out = activate(MlpKind::SwiGlu, gate_up).data;
  EXPECT_NEAR(out[0][0].item<float>(), 0, 1e-7);
  EXPECT_NEAR(out[0][1].item<float>(), 2 / (1 + std::exp(-2.0F)) * 3, 1e-6);
}

TEST(Patches, TokenOrderIsRowColumnChannel) {
  const at::Tensor latent = at::arange(2 * 1 * 2 * 4, at::kFloat).view({2, 1, 2, 4});  // (C, t, h, w)
  const at::Tensor tokens = patchify(latent, at::kFloat);
  ASSERT_EQ(tokens.sizes(), (std::vector<std::int64_t>{2, 8}));
  const at::Tensor first = at::tensor({0, 8, 1, 9, 4, 12, 5, 13}, at::kFloat);
  EXPECT_TRUE(at::equal(tokens[0], first)) << tokens[0];
}

TEST(Patches, OddSizesArePaddedAndCropped) {
  const at::Tensor latent = at::randn({3, 2, 5, 7});
  const at::Tensor tokens = patchify(latent, at::kFloat);
  ASSERT_EQ(tokens.size(0), 2 * 3 * 4);
  EXPECT_TRUE(at::equal(tokens[3].slice(0, 3, 6), at::zeros({3})));  // right of the last column
  EXPECT_TRUE(at::equal(unpatchify(tokens, latent.sizes()), latent));
}

// A step that uses everything, number by number.
TEST(SamplerStep, GuidesCorrectsPredictsAndKeepsGivenFrames) {
  const StepWeights weights{0.5, {2, 3, 5, 7}, {11, 13, 17}};
  const auto all = [](double value) { return at::full({1, 2, 1, 1}, value, at::kFloat); };
  const GivenFrames given({1}, 2, at::full({1, 1, 1, 1}, -4, at::kFloat), at::kCPU);
  const at::Tensor sample = all(10);
  const SteppedSample made = sampler_step(weights, {all(3), all(1), 6}, sample, {all(1), all(100), all(1000)}, given);
  const auto expect = [](const at::Tensor& found, double generated, double still) {
    EXPECT_EQ(found[0][0].item<double>(), generated);
    EXPECT_EQ(found[0][1].item<double>(), still);
  };
  expect(made.output, 10 - 0.5 * 13, 10);
  expect(made.corrected, 2 * 1 + 3 * 1000 + 5 * 100 + 7 * 3.5, 2 * 1 + 3 * 1000 + 5 * 100 + 7 * 10);
  expect(made.next, 11 * 3526.5 + 13 * 3.5 + 17 * 1000, -4);
  EXPECT_EQ(sample[0][0].item<double>(), 10);
}

TEST(SamplerStep, ReadsNothingThatHasNoWeight) {
  const at::Tensor sample = at::randn({5});
  const SteppedSample made = sampler_step({0.5, {}, {0.25, 0.75, 0}}, {at::ones({5})}, sample, {}, {});
  EXPECT_TRUE(made.corrected.is_same(sample));
  EXPECT_TRUE(at::allclose(made.next, 0.25 * sample + 0.75 * (sample - 0.5)));
}

}  // namespace
}  // namespace orrery
