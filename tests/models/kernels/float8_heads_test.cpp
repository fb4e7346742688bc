#include "models/kernels/float8_heads.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/kernels/scaled_rows.h"

// The ATen twins of attention in 8 bits, which the CPU runs, against their definitions.
namespace orrery {
namespace {

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

at::Tensor plain_heads(const Float8Heads& heads) {
  const at::Tensor scale = heads.scale.repeat_interleave(heads.data.size(1) / heads.scale.size(0));
  return heads.data.to(at::kFloat) * scale.unsqueeze(1);
}

class HeadRotation : public testing::TestWithParam<int> {};

TEST_P(HeadRotation, IsOrthogonalWithEntriesOfOneSize) {
  const int width = GetParam();
  const at::Tensor matrix = rotated_heads(at::eye(width));
  EXPECT_LE(largest(at::mm(matrix, matrix.t()) - at::eye(width)), 1e-6);
  EXPECT_LE(largest(matrix.abs() - 1 / std::sqrt(width)), 1e-7);
}

// What is alike in all channels, or in every second one, ends in no single channel.
TEST_P(HeadRotation, SpreadsConstantsAndPeriods) {
  const int width = GetParam();
  if (width < 16) return;
  for (int period = 1; period <= width / 2; period *= 2) {
    const at::Tensor x = (at::arange(width) % (2 * period) < period).to(at::kFloat) * 2 - 1;
    EXPECT_LE(largest(rotated_heads(x)), 0.4 * std::sqrt(width)) << period;
  }
  EXPECT_LE(largest(rotated_heads(at::ones({width}))), 0.4 * std::sqrt(width));
}

INSTANTIATE_TEST_SUITE_P(Widths, HeadRotation, testing::Values(2, 16, 32, 64, 128, 256));

struct Rope {
  explicit Rope(std::int64_t tokens, std::int64_t width) {
    const at::Tensor angle = at::rand({tokens, 1, width / 2}) * 6.28;
    table = {at::cat({angle.cos(), angle.cos()}, -1), at::cat({angle.sin(), angle.sin()}, -1)};
  }
  RopeTable table;
};

TEST(RotatedHeadBound, HoldsAndIsNear) {
  constexpr std::int64_t kWidth = 64, kTokens = 20000;
  at::Tensor gain = at::rand({kWidth}) + 0.5;
  gain[3] = 9;  // a channel of outliers, alone in its pair
  const double bound = rotated_head_bound(gain).item<double>();
  at::Tensor heads = at::randn({kTokens, 2, kWidth});
  // The worst that there is, for gains that are alike: all of a rotated head's length in one channel.
  const at::Tensor worst = rotated_heads(at::eye(kWidth)).t();
  heads.narrow(1, 1, 1).copy_(worst.repeat({kTokens / kWidth + 1, 1}).narrow(0, 0, kTokens).unsqueeze(1));
  const RopeTable none{at::ones({kTokens, 1, kWidth}), at::zeros({kTokens, 1, kWidth})};
  const auto most = [&](const at::Tensor& weight, const RopeTable& rope) {
    at::Tensor x = heads.clone();
    head_norm_rope(x, 1, 1, {weight, weight, 0}, rope);
    return largest(rotated_heads(x));
  };
  EXPECT_LE(most(gain, Rope(kTokens, kWidth).table), bound);
  EXPECT_LE(most(gain, none), bound);
  const at::Tensor ones = at::ones({kWidth});
  const double of_ones = rotated_head_bound(ones).item<double>();
  EXPECT_NEAR(of_ones, std::sqrt(static_cast<double>(kWidth)), 0.01 * of_ones);
  EXPECT_GE(most(ones, none), 0.99 * of_ones) << "the bound is reached";
}

struct Rows {
  std::int64_t tokens, heads, kv_heads, width;

  HeadNorms norms() const { return {at::rand({width}) + 0.5, at::rand({width}) + 0.5, 1e-6}; }
  Float8Heads empty(std::int64_t count, std::int64_t rows, const at::Tensor& scale) const {
    return {at::zeros({rows, count, width}, at::kFloat8_e4m3fn), scale};
  }
};

TEST(Float8HeadNormRope, IsTheRotatedNormToARounding) {
  const Rows sizes{50, 6, 2, 32};
  const at::Tensor qkv = at::randn({sizes.tokens, sizes.heads + 2 * sizes.kv_heads, sizes.width});
  const HeadNorms norms = sizes.norms();
  const RopeTable rope = Rope(sizes.tokens, sizes.width).table;
  const HeadScales scales = bounded_scales(norms, sizes.kv_heads);
  Float8Heads q = sizes.empty(sizes.heads, sizes.tokens, scales.q);
  Float8Heads k = sizes.empty(sizes.kv_heads, sizes.tokens + 3, 2 * scales.k);
  const at::Tensor before = qkv.clone();
  float8_head_norm_rope(qkv, norms, rope, q, k);
  EXPECT_TRUE(at::equal(qkv, before));
  at::Tensor exact = qkv.clone();
  head_norm_rope(exact, sizes.heads, sizes.kv_heads, norms, rope);
  const at::Tensor rotated = rotated_heads(exact.narrow(1, 0, sizes.heads + sizes.kv_heads));
  const auto expect_near = [](const at::Tensor& found, const at::Tensor& expected) {
    EXPECT_LE(((found - expected).abs() / (expected.abs() + 0.01)).max().item<double>(), 1.0 / 16 + 1e-5);
  };
  expect_near(plain_heads(q), rotated.narrow(1, 0, sizes.heads));
  expect_near(plain_heads(k).narrow(0, 0, sizes.tokens), rotated.narrow(1, sizes.heads, sizes.kv_heads));
  EXPECT_EQ(largest(k.data.narrow(0, sizes.tokens, 3).to(at::kFloat)), 0) << "the text's rows";
}

TEST(Float8Text, HasFactorsThatHoldItsKeys) {
  const at::Tensor k = at::randn({9, 2, 32}), v = at::randn({9, 2, 32});
  at::Tensor large = k.clone();
  large.narrow(1, 1, 1).mul_(1000);
  const at::Tensor least = at::full({2}, 0.05F);
  const Float8Text text = float8_text(large, v, least);
  EXPECT_EQ(text.k.scale[0].item<float>(), 0.05F);
  EXPECT_NEAR(text.k.scale[1].item<double>() * kLargestFloat8, largest(rotated_heads(large)), 1e-3);
  EXPECT_LE(largest(plain_heads(text.k) - rotated_heads(large)), 0.04 * largest(large));
  EXPECT_TRUE(at::allclose(text.value_extents[0], v.sum(0), 1e-5, 1e-5));
  EXPECT_TRUE(at::equal(text.value_extents[1], v.amin(0)));
  EXPECT_TRUE(at::equal(text.value_extents[2], v.amax(0)));
}

TEST(Values, LoseTheirMeanOverMediaAndText) {
  const at::Tensor all = at::randn({40, 2, 32}) + at::arange(64).view({2, 32});
  const at::Tensor media = all.narrow(0, 0, 33), text = all.narrow(0, 33, 7);
  const Float8Text of_text = float8_text(text, text, at::ones({2}));
  CentredValues centred = value_centre(media, text, of_text.value_extents);
  EXPECT_TRUE(at::allclose(centred.mean, all.mean(0), 1e-6, 1e-5));
  const at::Tensor rest = all - all.mean(0);
  EXPECT_TRUE(at::allclose(centred.v.scale * kLargestFloat8, rest.abs().amax({0, 2}), 1e-5, 1e-5));
  centred.v.data = at::empty({40, 2, 32}, at::kFloat8_e4m3fn);
  round_values(media, text, centred);
  EXPECT_LE(((plain_heads(centred.v) - rest).abs() / (rest.abs() + 0.01)).max().item<double>(), 1.0 / 16 + 1e-3);
}

TEST(Values, ThatAreAllAlikeLeaveZeros) {
  const at::Tensor ones = at::full({5, 1, 4}, 3.0F);
  CentredValues centred = value_centre(ones, ones, float8_text(ones, ones, at::ones({1})).value_extents);
  EXPECT_EQ(centred.v.scale.item<float>(), 0);
  centred.v.data = at::empty({10, 1, 4}, at::kFloat8_e4m3fn);
  round_values(ones, ones, centred);
  EXPECT_EQ(largest(centred.v.data.to(at::kFloat)), 0);
  EXPECT_TRUE(at::equal(centred.mean, at::full({1, 4}, 3.0F)));
}

TEST(AddHeadMean, AddsEachHeadsOwn) {
  at::Tensor out = at::zeros({3, 4, 2});
  const at::Tensor mean = at::tensor({1.0F, 2.0F, 3.0F, 4.0F}).view({2, 2});
  add_head_mean(out, mean);
  const at::Tensor row = at::tensor({1.0F, 2.0F, 1.0F, 2.0F, 3.0F, 4.0F, 3.0F, 4.0F}).view({4, 2});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(out[i], row));
}

}  // namespace
}  // namespace orrery
