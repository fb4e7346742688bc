#include <gtest/gtest.h>

#include "models/kernels/float8_heads.h"
#include "models/kernels/scaled_rows.h"
#include "support/golden.h"
#include "support/test_device.h"

// The kernels of attention in 8 bits against their ATen twins on the same bfloat16 inputs, on the same GPU.
namespace orrery {
namespace {

struct Float8Sizes {
  std::int64_t tokens, text, heads, kv_heads, width;
};

at::Tensor drawn(at::IntArrayRef shape, double scale = 1) {
  return at::randn(shape, at::TensorOptions(test_device())).mul_(scale).to(at::kBFloat16);
}

at::Tensor float8_memory(at::IntArrayRef shape) {
  return at::full(shape, 7, at::TensorOptions(test_device())).to(at::kFloat8_e4m3fn);
}

at::Tensor bytes(const at::Tensor& x) { return x.view(at::kByte); }

double differing(const at::Tensor& a, const at::Tensor& b) {
  return (bytes(a) != bytes(b)).to(at::kFloat).mean().item<double>();
}

// Neighbours among float8 numbers of one sign have neighbouring bytes; zeros of both signs are neighbours too.
double steps_apart(const at::Tensor& a, const at::Tensor& b) {
  const auto place = [](const at::Tensor& x) {
    const at::Tensor number = bytes(x).to(at::kInt);
    return at::where(number >= 128, 128 - number, number);
  };
  return (place(a) - place(b)).abs().max().item<double>();
}

class Float8Kernels : public testing::TestWithParam<Float8Sizes> {
 protected:
  // A token's heads side by side, and one more head that nobody reads.
  at::Tensor rows() const {
    const auto& p = GetParam();
    at::Tensor all = drawn({p.tokens, p.heads + 2 * p.kv_heads + 1, p.width}, 2);
    all.narrow(1, p.heads + p.kv_heads, p.kv_heads).add_(1.5);  // values have a mean
    return all.narrow(1, 0, p.heads + 2 * p.kv_heads);
  }
};

TEST_P(Float8Kernels, QueriesAndKeysEqualTheirTwins) {
  const auto& p = GetParam();
  const at::Tensor qkv = rows();
  const at::Tensor angle = at::rand({p.tokens, 1, p.width / 2}, at::TensorOptions(test_device())).mul_(6.28);
  const auto table = [&](const at::Tensor& half) { return at::cat({half, half}, -1).to(at::kBFloat16); };
  const RopeTable rope{table(angle.cos()), table(angle.sin())};
  const HeadNorms norms{drawn({p.width}, 0.1).add_(1), drawn({p.width}, 0.1).add_(1), 1e-6};
  const HeadScales scales = bounded_scales(norms, p.kv_heads);
  const at::Tensor each = at::arange(p.kv_heads, scales.k.options()) / 8 + 1;  // another factor for every kv head
  const auto outputs = [&](std::int64_t count, const at::Tensor& scale) {
    return Float8Heads{float8_memory({p.tokens + 1, count, p.width}), scale};
  };
  Float8Heads q = outputs(p.heads, scales.q * each), k = outputs(p.kv_heads, scales.k * each);
  Float8Heads q_twin = outputs(p.heads, q.scale), k_twin = outputs(p.kv_heads, k.scale);
  const at::Tensor before = qkv.clone();
  float8_head_norm_rope(qkv, norms, rope, q, k);
  float8_head_norm_rope_aten(qkv, norms, rope, q_twin, k_twin);
  EXPECT_TRUE(at::equal(qkv, before));
  // A number beside a boundary may fall either way, since the norms' sums are added up in other orders.
  for (const auto& [found, twin] : {std::pair{q.data, q_twin.data}, {k.data, k_twin.data}}) {
    const double share = differing(found, twin);
    RecordProperty("differing", std::to_string(share));
    EXPECT_LE(share, 1e-3);
    EXPECT_LE(steps_apart(found, twin), 1);
  }
}

TEST_P(Float8Kernels, ValuesEqualTheirTwins) {
  const auto& p = GetParam();
  const at::Tensor media = rows().narrow(1, p.heads + p.kv_heads, p.kv_heads);
  const at::Tensor text = drawn({p.text, p.kv_heads, p.width}, 3);
  const Float8Text of_text = float8_text(text, text, at::ones({p.kv_heads}, at::TensorOptions(test_device())));
  CentredValues centred = value_centre(media, text, of_text.value_extents);
  const CentredValues twin = value_centre_aten(media, text, of_text.value_extents);
  EXPECT_LE(max_abs(centred.mean, twin.mean), 2e-6);
  EXPECT_TRUE(at::allclose(centred.v.scale, twin.v.scale, 1e-6, 0));
  const CentredValues again = value_centre(media, text, of_text.value_extents);
  EXPECT_TRUE(at::equal(again.mean, centred.mean)) << "another run, other bits";
  CentredValues same = centred;
  centred.v.data = float8_memory({p.tokens + p.text, p.kv_heads, p.width});
  same.v.data = float8_memory({p.tokens + p.text, p.kv_heads, p.width});
  round_values(media, text, centred);
  round_values_aten(media, text, same);
  EXPECT_EQ(differing(centred.v.data, same.v.data), 0);
}

TEST_P(Float8Kernels, AlikeValuesLeaveZeros) {
  const auto& p = GetParam();
  const at::Tensor ones =
      at::ones({p.tokens, p.kv_heads, p.width}, at::TensorOptions(test_device()).dtype(at::kBFloat16));
  const at::Tensor text = ones.narrow(0, 0, 1);
  CentredValues centred = value_centre(
      ones, text, float8_text(text, text, at::ones({p.kv_heads}, at::TensorOptions(test_device()))).value_extents);
  centred.v.data = float8_memory({p.tokens + 1, p.kv_heads, p.width});
  round_values(ones, text, centred);
  EXPECT_EQ(centred.v.scale.max().item<float>(), 0);
  EXPECT_EQ(centred.v.data.to(at::kFloat).abs().max().item<float>(), 0);
}

TEST_P(Float8Kernels, TheMeanComesBack) {
  const auto& p = GetParam();
  at::Tensor out = drawn({p.tokens, p.heads, p.width}), twin = out.clone();
  const at::Tensor mean = drawn({p.kv_heads, p.width}).to(at::kFloat);
  add_head_mean(out, mean);
  add_head_mean_aten(twin, mean);
  EXPECT_TRUE(at::equal(out, twin));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Float8Kernels,
                         testing::Values(Float8Sizes{1, 1, 1, 1, 32}, Float8Sizes{5, 3, 8, 8, 32},
                                         Float8Sizes{7, 2, 3, 1, 64}, Float8Sizes{513, 40, 32, 8, 128},
                                         Float8Sizes{9, 5, 64, 8, 128}, Float8Sizes{33, 7, 4, 1, 128},
                                         Float8Sizes{6, 4, 4, 2, 256}, Float8Sizes{20011, 512, 8, 2, 128},
                                         Float8Sizes{4099, 77, 3, 3, 64}));

}  // namespace
}  // namespace orrery
