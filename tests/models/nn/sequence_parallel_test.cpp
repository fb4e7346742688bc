#include "models/nn/sequence_parallel.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

#include "base/core/error.h"
#include "base/parallel/rank_groups.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {
namespace {

constexpr std::int64_t kWidth = 32;  // of a head

struct Case {
  std::int64_t tokens;
  std::int64_t heads;
  std::int64_t kv_heads;
};

class Sequence : public testing::TestWithParam<Case> {
 protected:
  at::TensorOptions options() const { return at::TensorOptions(test_device()).dtype(at::kFloat); }

  std::unique_ptr<Collectives> group_ = make_collectives(mpi_world(), test_device());
};

// Queries, keys and values of all tokens go to the ranks of their heads, and come back to the ranks of their tokens.
TEST_P(Sequence, GoesToHeadsAndBack) {
  const auto [tokens, heads, kv_heads] = GetParam();
  const at::Tensor qkv =
      at::arange(tokens * (heads + 2 * kv_heads) * kWidth, options()).sin().view({tokens, -1, kWidth});
  const RopeTable rope{at::full({tokens, 1, kWidth}, 0.6, options()), at::zeros({tokens, 1, kWidth}, options())};
  const HeadNorms norms{at::ones({kWidth}, options()), at::full({kWidth}, 2, options())};
  at::Tensor whole = qkv.clone();
  head_norm_rope_aten(whole, heads, kv_heads, norms, rope);

  const SequenceParallel sequence(group_.get(), tokens, heads, kv_heads);
  const HeadShare& share = sequence.heads();
  const Range own = sequence.own();
  const at::Tensor all = at::empty({tokens, share.total(), kWidth}, options());
  const SharedHeads shared = sequence.shared_heads(all);
  at::Tensor rows = qkv.narrow(0, own.begin, own.size).clone();
  const auto table = [&](const at::Tensor& x) { return x.narrow(0, own.begin, own.size); };
  share_heads(shared, rows, heads, kv_heads, norms, {table(rope.cos), table(rope.sin)});
  sequence.to_heads(shared, all);
  const auto part = [&](std::int64_t first, const Range& of) { return whole.narrow(1, first + of.begin, of.size); };
  EXPECT_TRUE(at::equal(
      all, at::cat({part(0, share.queries), part(heads, share.keys), part(heads + kv_heads, share.keys)}, 1)));

  const at::Tensor attended = all.narrow(1, 0, share.queries.size).contiguous().flatten(1);
  const at::Tensor back = sequence.to_tokens(attended);
  EXPECT_TRUE(at::equal(back, whole.narrow(1, 0, heads).flatten(1).narrow(0, own.begin, own.size)));

  const Range middle{tokens / 3, tokens - tokens / 3};
  const Range here = within(middle, own);
  EXPECT_TRUE(at::equal(sequence.gather(back.narrow(0, here.begin, here.size), middle),
                        whole.narrow(1, 0, heads).flatten(1).narrow(0, middle.begin, middle.size)));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Sequence,
                         testing::Values(Case{37, 8, 8}, Case{37, 8, 2}, Case{16, 16, 4}, Case{3, 8, 1}),
                         [](const auto& row) {
                           return fmt::format("{}_tokens_{}_{}", row.param.tokens, row.param.heads, row.param.kv_heads);
                         });

TEST(HeadShare, PutsEveryQueryBesideItsKey) {
  for (const auto& [heads, kv_heads, ranks] :
       std::vector<std::array<int, 3>>{{32, 8, 2}, {32, 8, 16}, {64, 8, 64}, {9, 3, 9}}) {
    for (int rank = 0; rank < ranks; ++rank) {
      const HeadShare share = head_share(heads, kv_heads, {rank, ranks});
      EXPECT_EQ(share.queries.size * ranks, heads);
      const int group = heads / kv_heads;
      EXPECT_EQ(share.queries.begin / group, share.keys.begin);
      EXPECT_EQ((share.queries.end() - 1) / group, share.keys.end() - 1);
    }
  }
  EXPECT_THROW(head_share(32, 8, {0, 3}), Error);
  EXPECT_THROW(head_share(24, 8, {0, 12}), Error);
}

}  // namespace
}  // namespace orrery
