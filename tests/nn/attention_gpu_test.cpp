#include <gtest/gtest.h>

#include <cmath>

#include "nn/attention.h"
#include "support/golden.h"
#include "support/test_device.h"

namespace orrery {
namespace {

constexpr std::int64_t kHeads = 8, kKvHeads = 2, kHeadDim = 128;

// Queries, keys and values side by side in a token's row, as a layer has them; the keys beyond `sharp_from` score
// higher than the others by far.
struct Rows {
  Rows(std::int64_t tokens, std::int64_t keys, std::int64_t sharp_from) {
    const at::Tensor rows = at::randn({keys, kHeads + 2 * kKvHeads, kHeadDim}, at::TensorOptions(test_device()));
    if (sharp_from < keys) rows.narrow(0, sharp_from, keys - sharp_from).narrow(1, kHeads, kKvHeads).mul_(6);
    const at::Tensor narrow = rows.to(at::kBFloat16);
    q = narrow.narrow(0, 0, tokens).narrow(1, 0, kHeads);
    k = narrow.narrow(1, kHeads, kKvHeads);
    v = narrow.narrow(1, kHeads + kKvHeads, kKvHeads);
  }
  at::Tensor q, k, v;
};

// In float32 with all scores written out.
at::Tensor by_definition(const Rows& rows) {
  const auto heads_first = [](const at::Tensor& x) { return x.to(at::kFloat).transpose(0, 1); };
  const auto of_each_query = [&](const at::Tensor& x) {
    return heads_first(x).repeat_interleave(kHeads / kKvHeads, 0);
  };
  const at::Tensor scores =
      at::matmul(heads_first(rows.q), of_each_query(rows.k).transpose(1, 2)) / std::sqrt(static_cast<double>(kHeadDim));
  return at::matmul(scores.softmax(-1), of_each_query(rows.v)).transpose(0, 1).reshape({rows.q.size(0), -1});
}

struct Sizes {
  std::int64_t tokens, keys, sharp_from;
};

class GpuAttention : public testing::TestWithParam<Sizes> {};

// More keys than fill tiles, as many, and so few that one call takes them all.
TEST_P(GpuAttention, EqualsItsDefinition) {
  const auto [tokens, keys, sharp_from] = GetParam();
  const Rows rows(tokens, keys, sharp_from);
  const at::Tensor out = attention(rows.q, rows.k, rows.v, Mask::None);
  EXPECT_EQ(out.sizes(), (at::IntArrayRef{tokens, kHeads * kHeadDim}));
  EXPECT_TRUE(out.is_contiguous());
  EXPECT_LE(relative_rms(out, by_definition(rows)), 6e-3);  // scores and sums of bfloat16 weights
  EXPECT_TRUE(at::equal(out, attention(rows.q, rows.k, rows.v, Mask::None))) << "run again";
}

INSTANTIATE_TEST_SUITE_P(Sizes, GpuAttention,
                         testing::Values(Sizes{300, 8192, 8192}, Sizes{300, 8193, 8193}, Sizes{257, 8262, 8262},
                                         Sizes{300, 8319, 8190}, Sizes{300, 8319, 8200}, Sizes{100, 170, 170}));

}  // namespace
}  // namespace orrery
