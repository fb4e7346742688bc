#include <gtest/gtest.h>

#include <cmath>

#include "models/nn/attention.h"
#include "support/golden.h"
#include "support/test_device.h"

// Both kernels of a GPU in bfloat16.
namespace orrery {
namespace {

constexpr std::int64_t kHeadDim = 128;

struct Heads {
  std::int64_t queries, keys;
};

// Queries, keys and values side by side in a token's row, as a layer has them; the keys beyond `sharp_from` score
// higher than the others by far.
struct Rows {
  Rows(std::int64_t tokens, std::int64_t keys, std::int64_t sharp_from, Heads heads) {
    const at::Tensor rows =
        at::randn({keys, heads.queries + 2 * heads.keys, kHeadDim}, at::TensorOptions(test_device()));
    if (sharp_from < keys) rows.narrow(0, sharp_from, keys - sharp_from).narrow(1, heads.queries, heads.keys).mul_(6);
    const at::Tensor narrow = rows.to(at::kBFloat16);
    q = narrow.narrow(0, 0, tokens).narrow(1, 0, heads.queries);
    k = narrow.narrow(1, heads.queries, heads.keys);
    v = narrow.narrow(1, heads.queries + heads.keys, heads.keys);
  }
  at::Tensor q, k, v;
};

// In float32 with all scores written out.
at::Tensor by_definition(const Rows& rows, Mask mask) {
  const auto heads_first = [](const at::Tensor& x) { return x.to(at::kFloat).transpose(0, 1); };
  const auto of_each_query = [&](const at::Tensor& x) {
    return heads_first(x).repeat_interleave(rows.q.size(1) / x.size(1), 0);
  };
  at::Tensor scores =
      at::matmul(heads_first(rows.q), of_each_query(rows.k).transpose(1, 2)) / std::sqrt(static_cast<double>(kHeadDim));
  if (mask == Mask::Causal) {
    const at::Tensor later = at::ones({rows.q.size(0), rows.k.size(0)}, scores.options().dtype(at::kBool)).triu(1);
    scores.masked_fill_(later, -std::numeric_limits<float>::infinity());
  }
  return at::matmul(scores.softmax(-1), of_each_query(rows.v)).transpose(0, 1).reshape({rows.q.size(0), -1});
}

// The next tensors of these bytes come from memory full of NaN: what a kernel leaves out shows.
void poison_free_memory(std::int64_t bytes) {
  std::vector<at::Tensor> taken;
  for (int i = 0; i < 3; ++i) {
    taken.push_back(at::full({bytes / 4}, std::numeric_limits<float>::quiet_NaN(), at::TensorOptions(test_device())));
  }
}

at::Tensor computed(const Attention& attention, const Rows& rows, Mask mask) {
  poison_free_memory(rows.q.numel() * 2);
  return attention(rows.q, rows.k, rows.v, mask);
}

struct Sizes {
  std::int64_t tokens, keys, sharp_from;
  Mask mask = Mask::None;
  Heads heads = {8, 2};
};

class GpuAttention : public testing::TestWithParam<Sizes> {
 protected:
  const Attention cudnn_;
  const Attention fa3_ = Attention(find_flash_attention());
};

// More keys than fill tiles, as many, and so few that one call takes them all; and the heads that ranks can have.
TEST_P(GpuAttention, EqualsItsDefinition) {
  const auto [tokens, keys, sharp_from, mask, heads] = GetParam();
  const Rows rows(tokens, keys, sharp_from, heads);
  const at::Tensor expected = by_definition(rows, mask);
  const double cudnn_error = relative_rms(computed(cudnn_, rows, mask), expected);
  EXPECT_LE(cudnn_error, 6e-3);  // scores and sums of bfloat16 weights
  const double fa3_error = relative_rms(computed(fa3_, rows, mask), expected);
  EXPECT_LE(fa3_error, 1.05 * cudnn_error + 1e-5);  // no worse, but for how the roundings fall
  RecordProperty("cudnn", std::to_string(cudnn_error));
  RecordProperty("fa3", std::to_string(fa3_error));
}

TEST_P(GpuAttention, IsContiguousAndTheSameAgain) {
  const auto [tokens, keys, sharp_from, mask, heads] = GetParam();
  const Rows rows(tokens, keys, sharp_from, heads);
  for (const Attention& attention : {cudnn_, fa3_}) {
    const at::Tensor out = computed(attention, rows, mask);
    EXPECT_EQ(out.sizes(), (at::IntArrayRef{tokens, heads.queries * kHeadDim}));
    EXPECT_TRUE(out.is_contiguous());
    EXPECT_TRUE(at::equal(out, computed(attention, rows, mask)));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, GpuAttention,
                         testing::Values(Sizes{300, 8192, 8192}, Sizes{300, 8193, 8193}, Sizes{257, 8262, 8262},
                                         Sizes{300, 8319, 8190}, Sizes{300, 8319, 8200}, Sizes{100, 170, 170},
                                         Sizes{1, 8193, 8193}, Sizes{7, 7, 7}));
INSTANTIATE_TEST_SUITE_P(Heads, GpuAttention,
                         testing::Values(Sizes{301, 4099, 4099, Mask::None, {1, 1}},
                                         Sizes{301, 4099, 4099, Mask::None, {8, 2}},
                                         Sizes{301, 4099, 4099, Mask::None, {16, 4}},
                                         Sizes{301, 4099, 4099, Mask::None, {32, 8}}));
INSTANTIATE_TEST_SUITE_P(Causal, GpuAttention,
                         testing::Values(Sizes{512, 512, 512, Mask::Causal, {32, 8}},
                                         Sizes{331, 331, 331, Mask::Causal, {16, 4}},
                                         Sizes{77, 77, 77, Mask::Causal, {1, 1}}, Sizes{1, 1, 1, Mask::Causal}));

TEST(AttentionCases, AreThoseOfTheKernel) {
  const at::Device device = test_device();
  EXPECT_EQ(fa3_problem({device, at::kBFloat16, kHeadDim}), "");
  EXPECT_EQ(fa3_problem({device, at::kFloat, kHeadDim}), "it computes in bfloat16, not in other types");
  EXPECT_EQ(fa3_problem({device, at::kBFloat16, 100}),
            "it takes heads of a multiple of 8 up to 256 values, not of 100");
  EXPECT_EQ(libtorch_kernel({device, at::kBFloat16, kHeadDim}), AttentionKernel::Cudnn);
  EXPECT_EQ(libtorch_kernel({device, at::kFloat, kHeadDim}), AttentionKernel::Aten);
}

}  // namespace
}  // namespace orrery
