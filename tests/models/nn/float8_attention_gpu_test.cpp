#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

#include "float8_attention_cases.h"
#include "support/golden.h"
#include "support/test_device.h"

// FlashAttention-3's kernel in 8 bits at the keys of a clip of 720p.
namespace orrery {
namespace {

struct GpuErrorBound {
  double score_std;
  ValuesLike values;
  double bound;
};

constexpr double kOutputRounding = 2.5e-3;  // what bfloat16 leaves of any result

class GpuFloat8Errors : public testing::TestWithParam<GpuErrorBound> {
 protected:
  const Attention fa3_ = Attention(find_flash_attention());
};

TEST_P(GpuFloat8Errors, StayBelow) {
  const auto [score_std, values, bound] = GetParam();
  const AttentionInputs x = draw_inputs({256, 44672, 512, 8, 2, 128}, score_std, values, test_device());
  const Float8Errors errors = attention_errors(fa3_, x);
  print_errors(fmt::format("44672 keys, scores' std {}, {}", score_std, name_of(values)), errors);
  EXPECT_LE(errors.rounded, bound + kOutputRounding);
  EXPECT_LE(errors.bfloat16, 6e-3) << "the case is wrong";
}

// Half as much again as the kernel's errors on an H200, beyond the output's rounding. Slowly varying values err most
// where attention is flat: their partial sums grow large before they cancel.
INSTANTIATE_TEST_SUITE_P(
    Distributions, GpuFloat8Errors,
    testing::Values(GpuErrorBound{0.25, ValuesLike::AllOnes, 0}, GpuErrorBound{1, ValuesLike::AllOnes, 0},
                    GpuErrorBound{4, ValuesLike::AllOnes, 0}, GpuErrorBound{0.25, ValuesLike::Positive, 2e-4},
                    GpuErrorBound{1, ValuesLike::Positive, 2e-4}, GpuErrorBound{2, ValuesLike::Positive, 1.3e-3},
                    GpuErrorBound{4, ValuesLike::Positive, 2.9e-2}, GpuErrorBound{0.25, ValuesLike::Smooth, 9e-3},
                    GpuErrorBound{1, ValuesLike::Smooth, 4.5e-3}, GpuErrorBound{2, ValuesLike::Smooth, 2.3e-3},
                    GpuErrorBound{4, ValuesLike::Smooth, 1.6e-2}, GpuErrorBound{0.25, ValuesLike::ZeroMean, 7.3e-2},
                    GpuErrorBound{1, ValuesLike::ZeroMean, 9e-2}, GpuErrorBound{2, ValuesLike::ZeroMean, 0.13},
                    GpuErrorBound{4, ValuesLike::ZeroMean, 0.165}, GpuErrorBound{1, ValuesLike::Outliers, 5.2e-3}));

struct GpuFloat8Sizes {
  std::int64_t queries, keys, text, heads, kv_heads, head_dim;
};

class GpuFloat8Attention : public testing::TestWithParam<GpuFloat8Sizes> {};

// Few enough keys for the sums of the kernel to lose nothing: what is left is where the running maximum of the scores
// puts the weights' rounding.
TEST_P(GpuFloat8Attention, EqualsItsTwin) {
  const auto& p = GetParam();
  const AttentionInputs x =
      draw_inputs({p.queries, p.keys, p.text, p.heads, p.kv_heads, p.head_dim}, 1, ValuesLike::ZeroMean, test_device());
  const Float8Operands rounded = rounded_inputs(x);
  const Attention fa3(find_flash_attention());
  const at::Tensor found = fa3(rounded, at::kBFloat16), twin = Attention()(rounded, at::kBFloat16);
  const double difference = relative_rms(found, twin), error = relative_rms(twin.to(at::kDouble), exact_attention(x));
  std::cout << fmt::format("{} x {}, {}/{} heads of {}: from the twin {:.2e}, the twin from float64 {:.2e}\n",
                           p.queries, p.keys, p.heads, p.kv_heads, p.head_dim, difference, error);
  EXPECT_LE(difference, 1.3 * error);
  EXPECT_LE(difference, 5e-2);
  EXPECT_EQ(found.sizes(), (at::IntArrayRef{p.queries, p.heads * p.head_dim}));
  EXPECT_TRUE(at::equal(found, fa3(rounded, at::kBFloat16))) << "another run, other bits";
}

INSTANTIATE_TEST_SUITE_P(Sizes, GpuFloat8Attention,
                         testing::Values(GpuFloat8Sizes{300, 1024, 100, 8, 2, 128},
                                         GpuFloat8Sizes{301, 1099, 33, 4, 1, 128}, GpuFloat8Sizes{7, 9, 2, 2, 2, 128},
                                         GpuFloat8Sizes{257, 513, 1, 8, 4, 64}, GpuFloat8Sizes{130, 400, 20, 16, 8, 32},
                                         GpuFloat8Sizes{64, 300, 7, 4, 1, 256}));

}  // namespace
}  // namespace orrery
