#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "models/kernels/attention_kernels.h"
#include "models/kernels/head_norm_rope.h"
#include "models/kernels/patches.h"
#include "models/kernels/sampler_step.h"
#include "models/kernels/scaled_rows.h"
#include "support/golden.h"
#include "support/test_device.h"

// Every kernel against its ATen twin in float32 on the same bfloat16 inputs, fresh ones each time: one rounding of the
// result is all that may differ. What a kernel must not write is poisoned first and compared bit for bit.
namespace orrery {
namespace {

constexpr double kOneRounding = 0x1p-8;  // relative, at most: bfloat16 has 8 bits; of many numbers 1.6e-3 on average

at::Tensor random(at::IntArrayRef shape, double scale = 1) {
  return at::randn(shape, at::TensorOptions(test_device())).mul_(scale).to(at::kBFloat16);
}

at::Tensor gains(std::int64_t width) { return random({width}, 0.1).add_(1); }

struct Rows {
  std::int64_t rows;
  std::int64_t width;
};

class AddRmsNorm : public testing::TestWithParam<Rows> {};

constexpr double kEighthBits = 4e-2;  // relative RMS of float8_e4m3fn with a factor a row

// Float8 rows of the kernel's float32 values; the twin's expectation is rounded to bfloat16 at most.
// `factor`: of all rows; 0: each its own.
void expect_float8(const ScaledRows& rows, const at::Tensor& expected, float factor = 0) {
  const at::Tensor plain = plain_rows(rows, at::kFloat);
  const ScaledRows rounded = float8_rows_aten(expected, factor);
  const at::Tensor twin = plain_rows(rounded, at::kFloat);
  EXPECT_LE(max_abs(rows.scale, rounded.scale), 0.005 * rows.scale.max().item<double>());
  EXPECT_LE(relative_rms(plain, expected), kEighthBits);
  // Values beside a rounding boundary may fall either way, few do.
  EXPECT_LE(relative_rms(plain, twin), kEighthBits / 2);
}

// Just large enough for all numbers of `x`.
float one_factor(const at::Tensor& x) {
  return 1.01F * x.abs().max().item<float>() / static_cast<float>(kLargestFloat8);
}

TEST_P(AddRmsNorm, EqualsItsTwin) {
  const auto [rows, width] = GetParam();
  for (const int terms : {0, 1, 2}) {
    at::Tensor x = random({rows, width}, 3);
    const at::Tensor before = x.clone();
    const Delta delta{terms > 0 ? random({rows, width}) : at::Tensor(),
                      terms > 1 ? random({rows, width}) : at::Tensor()};
    const at::Tensor weight = gains(width);
    at::Tensor sum = x.to(at::kFloat);
    if (terms > 1) sum += delta.first.to(at::kFloat) + delta.more.to(at::kFloat);
    if (terms == 1) sum += delta.first.to(at::kFloat);
    at::Tensor exact = sum.to(at::kBFloat16).to(at::kFloat);  // the norm is that of the rounded sum
    const at::Tensor expected = add_rms_norm_aten(exact, {}, weight.to(at::kFloat), 1e-6).data;
    const at::Tensor normed = add_rms_norm(x, delta, weight, 1e-6).data;
    EXPECT_TRUE(at::equal(x.to(at::kFloat), exact)) << "the sum of " << terms;
    EXPECT_LE(relative_rms(normed, expected), kOneRounding);
    EXPECT_LE(max_abs(normed, expected), 0.05);
    x.copy_(before);
    expect_float8(add_rms_norm(x, delta, weight, 1e-6, RowFormat::Float8), expected);
    EXPECT_TRUE(at::equal(x.to(at::kFloat), exact)) << "the sum of " << terms << ", in 8 bits";
    x.copy_(before);
    const float factor = one_factor(expected);
    expect_float8(add_rms_norm(x, delta, weight, 1e-6, {RowFormat::Float8, factor}), expected, factor);
    if (terms == 2) {
      x.copy_(before);
      const at::Tensor swapped = add_rms_norm(x, {delta.more, delta.first}, weight, 1e-6).data;
      EXPECT_TRUE(at::equal(swapped, normed)) << "the order of the terms shows";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, AddRmsNorm,
                         testing::Values(Rows{1, 8}, Rows{3, 128}, Rows{5, 264}, Rows{7, 2056}, Rows{513, 4096},
                                         Rows{17, 5120}, Rows{9, 8192}, Rows{3, 20480}, Rows{2, 32768}));

struct Heads {
  std::int64_t tokens, heads, kv_heads, head_dim;
};

class HeadNormRope : public testing::TestWithParam<Heads> {};

TEST_P(HeadNormRope, EqualsItsTwinAndLeavesTheRestAlone) {
  const auto [tokens, heads, kv_heads, head_dim] = GetParam();
  const at::Tensor poisoned = random({tokens + 1, heads + 2 * kv_heads + 1, head_dim}, 2);
  at::Tensor all = poisoned.clone();
  at::Tensor qkv = all.narrow(0, 0, tokens).narrow(1, 0, heads + 2 * kv_heads);
  const at::Tensor angle = at::rand({tokens, 1, head_dim / 2}, at::TensorOptions(test_device())).mul_(6.28);
  const auto table = [&](const at::Tensor& half) { return at::cat({half, half}, -1).to(at::kBFloat16); };
  const RopeTable rope{table(angle.cos()), table(angle.sin())};
  // Without norms, or with that of the keys alone, in every third and fourth case.
  const bool norms_q = tokens % 4 < 2, norms_k = tokens % 4 != 3;
  const HeadNorms norms{norms_q ? gains(head_dim) : at::Tensor(), norms_k ? gains(head_dim) : at::Tensor(), 1e-6};
  const auto wide = [](const at::Tensor& x) { return x.defined() ? x.to(at::kFloat) : x; };
  at::Tensor expected = qkv.to(at::kFloat);
  head_norm_rope_aten(expected, heads, kv_heads, {wide(norms.q), wide(norms.k), norms.eps},
                      {rope.cos.to(at::kFloat), rope.sin.to(at::kFloat)});
  head_norm_rope(qkv, heads, kv_heads, norms, rope);
  const std::int64_t turned = heads + kv_heads;
  EXPECT_LE(relative_rms(qkv.narrow(1, 0, turned), expected.narrow(1, 0, turned)), kOneRounding);
  EXPECT_LE(max_abs(qkv.narrow(1, 0, turned), expected.narrow(1, 0, turned)), 0.05);
  const std::int64_t rest = kv_heads + 1;
  EXPECT_TRUE(at::equal(all.narrow(1, turned, rest), poisoned.narrow(1, turned, rest))) << "values";
  EXPECT_TRUE(at::equal(all[tokens], poisoned[tokens])) << "the row behind";
}

INSTANTIATE_TEST_SUITE_P(Shapes, HeadNormRope,
                         testing::Values(Heads{1, 1, 1, 32}, Heads{5, 8, 8, 32}, Heads{7, 3, 1, 64},
                                         Heads{513, 32, 8, 128}, Heads{9, 64, 8, 128}, Heads{11, 4, 1, 128},
                                         Heads{3, 33, 5, 256}, Heads{131, 1, 1, 128}, Heads{37, 3, 1, 128},
                                         Heads{65, 40, 8, 128}, Heads{6, 5, 2, 256}, Heads{2, 40, 3, 32},
                                         Heads{4099, 3, 3, 64}));

struct Sharers {
  std::int64_t tokens, heads, kv_heads, head_dim;
  int ranks;
};

class ShareHeads : public testing::TestWithParam<Sharers> {};

TEST_P(ShareHeads, EqualsItsTwinInEveryRanksShare) {
  const auto [tokens, heads, kv_heads, head_dim, ranks] = GetParam();
  const at::Tensor qkv = random({tokens, heads + 2 * kv_heads, head_dim}, 2);
  const at::Tensor angle = at::rand({tokens, 1, head_dim / 2}, at::TensorOptions(test_device())).mul_(6.28);
  const auto table = [&](const at::Tensor& half) { return at::cat({half, half}, -1).to(at::kBFloat16); };
  const RopeTable rope{table(angle.cos()), table(angle.sin())};
  const HeadNorms norms{gains(head_dim), gains(head_dim), 1e-6};
  at::Tensor turned = qkv.clone();
  head_norm_rope(turned, heads, kv_heads, norms, rope);
  for (int i = 0; i < 2 * ranks; ++i) {
    const bool as_they_are = i % 2 == 0;
    const int rank = i / 2;
    const at::Tensor& whole = as_they_are ? qkv : turned;
    const std::int64_t width = head_share(heads, kv_heads, {rank, ranks}).total();
    const at::Tensor around = random({tokens + 2, width, head_dim}), poisoned = around.clone();
    const SharedHeads to{random({ranks - 1, tokens, width, head_dim}), around.narrow(0, 1, tokens), {rank, ranks}};
    at::Tensor rows = qkv.clone();
    if (as_they_are) {
      share_heads(to, rows, heads, kv_heads);
    } else {
      share_heads(to, rows, heads, kv_heads, norms, rope);
    }
    for (int other = 0; other < ranks; ++other) {
      const HeadShare share = head_share(heads, kv_heads, {other, ranks});
      const auto part = [&](std::int64_t first, const Range& of) { return whole.narrow(1, first + of.begin, of.size); };
      const at::Tensor expected =
          at::cat({part(0, share.queries), part(heads, share.keys), part(heads + kv_heads, share.keys)}, 1);
      const at::Tensor found = other == rank ? to.own : to.others[other < rank ? other : other - 1];
      EXPECT_TRUE(at::equal(found, expected)) << "of rank " << other << ", by rank " << rank;
    }
    for (const std::int64_t row : {std::int64_t{0}, tokens + 1}) EXPECT_TRUE(at::equal(around[row], poisoned[row]));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ShareHeads,
                         testing::Values(Sharers{5, 8, 8, 32, 2}, Sharers{513, 32, 8, 128, 4},
                                         Sharers{7, 32, 8, 128, 16}, Sharers{9, 64, 8, 128, 8},
                                         Sharers{11, 4, 1, 256, 4}, Sharers{3, 6, 3, 64, 3}));

class JoinAttention : public testing::TestWithParam<Heads> {};

// Either set may weigh as good as nothing.
TEST_P(JoinAttention, EqualsItsTwin) {
  const auto [tokens, heads, kv_heads, head_dim] = GetParam();
  const auto partial = [&, tokens = tokens, heads = heads, head_dim = head_dim] {
    return PartialAttention{random({tokens, heads, head_dim}),
                            at::randn({heads, tokens}, at::TensorOptions(test_device())).mul_(40)};
  };
  PartialAttention some = partial();
  const PartialAttention rest = partial();
  PartialAttention expected{some.out.to(at::kFloat), some.log_sum_exp};
  join_attention_aten(expected, {rest.out.to(at::kFloat), rest.log_sum_exp});
  join_attention(some, rest);
  EXPECT_LE(relative_rms(some.out, expected.out), kOneRounding);
  EXPECT_LE(max_abs(some.out, expected.out), 0.02);
}

INSTANTIATE_TEST_SUITE_P(Shapes, JoinAttention,
                         testing::Values(Heads{1, 1, 1, 8}, Heads{5, 3, 1, 4}, Heads{7, 3, 1, 64},
                                         Heads{513, 32, 8, 128}, Heads{4099, 5, 5, 24}));

class ActivationKernel : public testing::TestWithParam<Rows> {};

TEST_P(ActivationKernel, EqualsItsTwin) {
  const auto [rows, width] = GetParam();
  for (const MlpKind kind : {MlpKind::SwiGlu, MlpKind::SquaredRelu}) {
    SCOPED_TRACE(mlp_inputs(kind));
    const at::Tensor x = random({rows, mlp_inputs(kind) * width}, 4);
    const at::Tensor expected = activate_aten(kind, x.to(at::kFloat)).data;
    const at::Tensor out = activate(kind, x).data;
    EXPECT_EQ(out.sizes(), expected.sizes());
    EXPECT_LE(relative_rms(out, expected), kOneRounding);
    EXPECT_LE(((out.to(at::kFloat) - expected).abs() / expected.abs().clamp_min(1e-2)).max().item<double>(), 0.01);
    expect_float8(activate(kind, x, RowFormat::Float8), expected);
    const float factor = one_factor(expected);
    expect_float8(activate(kind, x, {RowFormat::Float8, factor}), expected, factor);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ActivationKernel,
                         testing::Values(Rows{1, 8}, Rows{3, 264}, Rows{129, 12288}, Rows{7, 1536}, Rows{5, 25600}));

class Patches : public testing::TestWithParam<std::vector<std::int64_t>> {};

TEST_P(Patches, AreTheTwins) {
  const at::Tensor latent = at::randn(GetParam(), at::TensorOptions(test_device()));
  const at::Tensor tokens = patchify(latent, at::kBFloat16);
  EXPECT_TRUE(at::equal(tokens, patchify_aten(latent, at::kBFloat16)));
  const at::Tensor back = unpatchify(tokens, latent.sizes());
  EXPECT_TRUE(at::equal(back, unpatchify_aten(tokens, latent.sizes())));
  EXPECT_TRUE(at::equal(back, latent.to(at::kBFloat16).to(at::kFloat)));
}

using Shape = std::vector<std::int64_t>;
INSTANTIATE_TEST_SUITE_P(Shapes, Patches,
                         testing::Values(Shape{8, 1, 1, 1}, Shape{8, 2, 3, 4}, Shape{48, 3, 5, 7}, Shape{16, 1, 2, 3},
                                         Shape{48, 4, 45, 80}, Shape{5, 2, 3, 3}, Shape{24, 5, 64, 31}));

// What one step reads.
struct Step {
  bool guides, corrects, second_order, given;
};

class SamplerStep : public testing::TestWithParam<std::tuple<Shape, Step>> {
 protected:
  at::Tensor make() const { return at::randn(shape(), at::TensorOptions(test_device())); }
  // The same values one number off the boundary that wide accesses need.
  static at::Tensor shifted(const at::Tensor& x) {
    if (!x.defined()) return x;
    const at::Tensor buffer = at::empty({x.numel() + 1}, x.options());
    return buffer.narrow(0, 1, x.numel()).view(x.sizes()).copy_(x);
  }
  static at::Tensor exact(const at::Tensor& x) { return x.defined() ? x.to(at::kDouble) : x; }
  const Shape& shape() const { return std::get<0>(GetParam()); }
  Step step() const { return std::get<1>(GetParam()); }
  StepWeights weights() const {
    const double older = step().second_order ? 0.4 : 0;
    return {0.7,
            step().corrects ? StepWeights::Corrector{0.9, 0.3, -older, 0.2} : StepWeights::Corrector{},
            {0.8, 0.5, -older}};
  }
};

void expect_same(const SteppedSample& found, const SteppedSample& expected, double tolerance) {
  EXPECT_LE(max_abs(found.output, expected.output), tolerance);
  EXPECT_LE(max_abs(found.corrected, expected.corrected), tolerance);
  EXPECT_LE(max_abs(found.next, expected.next), tolerance);
}

TEST_P(SamplerStep, EqualsItsTwin) {
  const Velocity velocity{make(), step().guides ? make() : at::Tensor(), 6};
  const at::Tensor sample = make();
  const SamplerMemory memory{make(), make(), make()};
  const at::Tensor frames = at::randn({shape()[0], 2, shape()[2], shape()[3]}, sample.options());
  const std::vector<std::int64_t> places{0, shape()[1] - 1};
  const auto given = [&](const at::Tensor& latents) {
    return step().given ? GivenFrames(places, shape()[1], latents, test_device()) : GivenFrames();
  };
  const SteppedSample expected = sampler_step_aten(
      weights(), {exact(velocity.cond), exact(velocity.uncond), 6}, exact(sample),
      {exact(memory.last_sample), exact(memory.output_0), exact(memory.output_1)}, given(exact(frames)));
  const SteppedSample made = sampler_step(weights(), velocity, sample, memory, given(frames));
  expect_same(made, expected, 1e-5);  // values of order 10
  const SteppedSample narrow =
      sampler_step(weights(), {shifted(velocity.cond), shifted(velocity.uncond), 6}, sample,
                   {shifted(memory.last_sample), memory.output_0, memory.output_1}, given(frames));
  expect_same(narrow, made, 0);
  EXPECT_EQ(at::equal(made.next.select(1, 0), frames.select(1, 0)), step().given);
}

INSTANTIATE_TEST_SUITE_P(Steps, SamplerStep,
                         testing::Combine(testing::Values(Shape{3, 2, 1, 1}, Shape{4, 3, 5, 7}, Shape{48, 5, 46, 80}),
                                          testing::Values(Step{false, false, false, false},
                                                          Step{true, false, false, true},
                                                          Step{true, true, false, false}, Step{false, true, true, true},
                                                          Step{true, true, true, true})));
class Float8Kernel : public testing::TestWithParam<Rows> {};

TEST_P(Float8Kernel, EqualsItsTwinAndKeepsZeros) {
  const auto [rows, width] = GetParam();
  at::Tensor x = random({rows, width}, 4);
  x[0].zero_();
  const ScaledRows out = float8_rows(x);
  expect_float8(out, x.to(at::kFloat));
  EXPECT_EQ(plain_rows(out, at::kFloat)[0].abs().max().item<double>(), 0);
  EXPECT_EQ(out.scale[0].item<double>(), 0);
  const float factor = one_factor(x);
  expect_float8(float8_rows(x, factor), x.to(at::kFloat), factor);
  const ScaledRows cut = float8_rows(x, factor / 4);
  EXPECT_LE(max_abs(plain_rows(cut, at::kFloat), plain_rows(float8_rows_aten(x, factor / 4), at::kFloat)), 8 * factor)
      << "what is too large is cut off";
}

INSTANTIATE_TEST_SUITE_P(Shapes, Float8Kernel,
                         testing::Values(Rows{2, 8}, Rows{3, 264}, Rows{129, 4096}, Rows{7, 12288}, Rows{5, 32768}));

struct Sizes {
  std::int64_t rows, in, out, stride;
};

class ProductKernel : public testing::TestWithParam<Sizes> {};

// The last three are large enough for a search among algorithms.
TEST_P(ProductKernel, EqualsItsTwinAndLeavesTheRestAlone) {
  const auto [rows, in, out, stride] = GetParam();
  const at::Tensor x = random({rows, in}), w = random({out, in}, 0.05);
  const at::Tensor poisoned = random({rows + 1, stride});
  at::Tensor all = poisoned.clone();
  at::Tensor y = all.narrow(0, 0, rows).narrow(1, 0, out);
  at::Tensor exact = at::empty({rows, out}, y.options().dtype(at::kFloat));
  product_aten(exact, {x.to(at::kFloat), {}}, {w.to(at::kFloat), {}});
  for (int turn = 0; turn < 2; ++turn) {  // with the search, and without
    y.fill_(7);
    product(y, {x, {}}, {w, {}});
    EXPECT_LE(relative_rms(y, exact), kOneRounding);
  }
  const ScaledRows x8 = float8_rows(x), w8 = float8_rows(w);
  product_aten(exact, x8, w8);
  y.fill_(7);
  product(y, x8, w8);
  EXPECT_LE(relative_rms(y, exact), 6e-3) << "in 8 bits";  // the chip adds up 14 bits of each product
  EXPECT_TRUE(at::equal(all[rows], poisoned[rows])) << "the row behind";
  if (stride > out) {
    EXPECT_TRUE(at::equal(all.narrow(1, out, stride - out), poisoned.narrow(1, out, stride - out))) << "the columns";
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ProductKernel,
                         testing::Values(Sizes{1, 16, 16, 16}, Sizes{5, 48, 32, 64}, Sizes{130, 4096, 264, 264},
                                         Sizes{1001, 4096, 6144, 6144}, Sizes{2048, 12288, 4096, 4096},
                                         Sizes{3000, 4096, 4096, 8192}));

// Widths that no kernel takes.
TEST(OtherShapes, TakeTheTwins) {
  at::Tensor x = random({2, 32776}), same = x.clone();
  const at::Tensor delta = random({2, 32776}), weight = gains(32776);
  EXPECT_TRUE(at::equal(add_rms_norm(x, {delta, {}}, weight, 1e-6).data,
                        add_rms_norm_aten(same, {delta, {}}, weight, 1e-6).data));
  const at::Tensor gate_up = random({3, 8});
  EXPECT_TRUE(at::equal(activate(MlpKind::SwiGlu, gate_up).data, activate_aten(MlpKind::SwiGlu, gate_up).data));
  at::Tensor qkv = random({4, 7, 48}), qkv_same = qkv.clone();
  const RopeTable rope{random({4, 1, 48}), random({4, 1, 48})};
  const HeadNorms norms{gains(48), gains(48), 1e-6};
  head_norm_rope(qkv, 5, 1, norms, rope);
  head_norm_rope_aten(qkv_same, 5, 1, norms, rope);
  EXPECT_TRUE(at::equal(qkv, qkv_same));
}

}  // namespace
}  // namespace orrery
