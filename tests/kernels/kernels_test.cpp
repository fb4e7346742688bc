#include <gtest/gtest.h>

#include <cmath>

#include "kernels/add_rms_norm.h"
#include "kernels/head_norm_rope.h"
#include "kernels/swiglu.h"

// The ATen twins, which the CPU runs, against the formulas element by element.
namespace orrery {
namespace {

TEST(AddRmsNorm, AddsThenNormalises) {
  at::Tensor x = at::tensor({3.0F, 4.0F, 0.0F, -1.0F}).view({2, 2});
  const at::Tensor delta = at::tensor({0.0F, 0.0F, 6.0F, 9.0F}).view({2, 2});
  const at::Tensor weight = at::tensor({1.0F, 2.0F});
  const at::Tensor normed = add_rms_norm(x, delta, weight, 0);
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

TEST(SwiGlu, GatesTheSecondHalfByTheFirst) {
  const at::Tensor gate_up = at::tensor({0.0F, 2.0F, 10.0F, 3.0F}).view({1, 4});
  const at::Tensor out = swiglu(gate_up);
  EXPECT_NEAR(out[0][0].item<float>(), 0, 1e-7);
  EXPECT_NEAR(out[0][1].item<float>(), 2 / (1 + std::exp(-2.0F)) * 3, 1e-6);
}

}  // namespace
}  // namespace orrery
