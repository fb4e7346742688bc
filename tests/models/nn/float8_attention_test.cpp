#include "models/nn/float8_attention.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "float8_attention_cases.h"
#include "support/golden.h"

// The twin that computes attention in 8 bits on a CPU.
namespace orrery {
namespace {

struct ErrorBound {
  double score_std;
  ValuesLike values;
  double bound;
};

class Float8AttentionErrors : public testing::TestWithParam<ErrorBound> {};

TEST_P(Float8AttentionErrors, StayBelow) {
  const auto [score_std, values, bound] = GetParam();
  const AttentionInputs x = draw_inputs({128, 1200, 100, 4, 2, 64}, score_std, values, at::kCPU);
  const Float8Errors errors = attention_errors(Attention(), x);
  print_errors(fmt::format("scores' std {}, {}", score_std, name_of(values)), errors);
  EXPECT_LE(errors.rounded, bound);
  EXPECT_TRUE(values == ValuesLike::AllOnes || errors.rounded > 1e-4) << "nothing was rounded";
}

INSTANTIATE_TEST_SUITE_P(
    Distributions, Float8AttentionErrors,
    testing::Values(ErrorBound{0.25, ValuesLike::AllOnes, 1e-6}, ErrorBound{4, ValuesLike::AllOnes, 1e-6},
                    ErrorBound{0.25, ValuesLike::Positive, 3e-3}, ErrorBound{1, ValuesLike::Positive, 3.5e-3},
                    ErrorBound{2, ValuesLike::Positive, 1.2e-2}, ErrorBound{4, ValuesLike::Positive, 4e-2},
                    ErrorBound{0.25, ValuesLike::Smooth, 3e-3}, ErrorBound{1, ValuesLike::Smooth, 3.5e-3},
                    ErrorBound{2, ValuesLike::Smooth, 7e-3}, ErrorBound{4, ValuesLike::Smooth, 2.4e-2},
                    ErrorBound{0.25, ValuesLike::ZeroMean, 5e-2}, ErrorBound{1, ValuesLike::ZeroMean, 7e-2},
                    ErrorBound{2, ValuesLike::ZeroMean, 0.1}, ErrorBound{4, ValuesLike::ZeroMean, 0.13},
                    ErrorBound{1, ValuesLike::Outliers, 3.5e-3}));

// Queries that are computed in several turns, and in one.
TEST(Float8Attention, IsTheSameInParts) {
  const AttentionInputs x = draw_inputs({700, 3000, 8, 4, 1, 32}, 1, ValuesLike::Positive, at::kCPU);
  const Float8Operands rounded = rounded_inputs(x);
  const at::Tensor whole = float8_attention_aten(rounded, at::kFloat);
  ASSERT_GT(4 * 700 * 3000 * 9, float8_scores_bytes(4, 700, 3000)) << "one part only";
  Float8Operands some = rounded;
  some.q.data = rounded.q.data.narrow(0, 300, 5).contiguous();
  EXPECT_LE(max_abs(float8_attention_aten(some, at::kFloat), whole.narrow(0, 300, 5)), 1e-6);
}

// A single key, whose value is the answer to any query; and heads of any power of two.
TEST(Float8Attention, OfOneKeyIsItsValue) {
  for (const std::int64_t width : {16, 32, 128}) {
    AttentionInputs x = draw_inputs({3, 2, 1, 2, 1, width}, 1, ValuesLike::ZeroMean, at::kCPU);
    x.k[1].copy_(x.k[0]);
    x.v[1].copy_(x.v[0]);
    const at::Tensor out = Attention()(rounded_inputs(x), at::kFloat);
    EXPECT_LE(max_abs(out, x.v[0].repeat({3, 2, 1}).view({3, -1})), 1e-6) << width;
  }
}

}  // namespace
}  // namespace orrery
