#include "models/nn/sequence_parallel.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "base/core/error.h"
#include "base/parallel/rank_groups.h"
#include "support/mpi_world.h"
#include "support/shared_windows.h"
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
  // The device's own, and one with windows in host memory where the device has none.
  std::vector<std::unique_ptr<Collectives>> groups() const {
    std::vector<std::unique_ptr<Collectives>> groups;
    groups.push_back(make_collectives(mpi_world(), test_device()));
    if (test_device().is_cpu()) {
      groups.push_back(with_windows(make_collectives(mpi_world(), test_device()), mpi_world()));
    }
    return groups;
  }
};

// Gives each rank its tokens of `qkv`, in pieces, and expects this rank's heads of all tokens after norm and RoPE; then
// sends the queries back, and expects the rank's tokens with all of them.
void go_to_heads_and_back(Collectives& group, const Case& sizes, const at::Tensor& qkv) {
  const auto [tokens, heads, kv_heads] = sizes;
  const at::TensorOptions options = qkv.options();
  const RopeTable rope{at::full({tokens, 1, kWidth}, 0.6, options), at::zeros({tokens, 1, kWidth}, options)};
  const HeadNorms norms{at::ones({kWidth}, options), at::full({kWidth}, 2, options)};
  at::Tensor whole = qkv.clone();
  head_norm_rope_aten(whole, heads, kv_heads, norms, rope);

  const SequenceParallel sequence(&group, tokens, heads, kv_heads);
  const HeadShare& share = sequence.heads();
  const Range own = sequence.own();
  const HeadsExchange exchange(sequence, /*after=*/3, kWidth, options);
  std::int64_t sent = 0;
  for (const Range& piece : exchange.pieces({0, own.size})) {
    EXPECT_EQ(piece.begin, sent);
    sent = piece.end();
    const auto rows = [&](const at::Tensor& x) { return x.narrow(0, own.begin + piece.begin, piece.size); };
    at::Tensor own_rows = rows(qkv).clone();
    share_heads(exchange.target(piece), own_rows, heads, kv_heads, norms, {rows(rope.cos), rows(rope.sin)});
    exchange.send(piece);
  }
  EXPECT_EQ(sent, own.size);
  exchange.finish();
  const at::Tensor all = exchange.all().narrow(0, 0, tokens);
  EXPECT_EQ(exchange.all().size(0), tokens + 3);
  const auto part = [&](std::int64_t first, const Range& of) { return whole.narrow(1, first + of.begin, of.size); };
  EXPECT_TRUE(at::equal(
      all, at::cat({part(0, share.queries), part(heads, share.keys), part(heads + kv_heads, share.keys)}, 1)));

  const at::Tensor back = sequence.to_tokens(kWidth, options, [&](const Range& rows) {
    return all.narrow(0, rows.begin, rows.size).narrow(1, 0, share.queries.size).flatten(1).contiguous();
  });
  EXPECT_TRUE(at::equal(back, whole.narrow(1, 0, heads).flatten(1).narrow(0, own.begin, own.size)));

  const Range middle{tokens / 3, tokens - tokens / 3};
  const Range here = within(middle, own);
  EXPECT_TRUE(at::equal(sequence.gather(back.narrow(0, here.begin, here.size).contiguous(), middle),
                        whole.narrow(1, 0, heads).flatten(1).narrow(0, middle.begin, middle.size)));
}

// Three times, since windows use their memory again.
TEST_P(Sequence, GoesToHeadsAndBack) {
  const auto [tokens, heads, kv_heads] = GetParam();
  for (const std::unique_ptr<Collectives>& group : groups()) {
    for (const double shift : {0.0, 1.0, 2.0}) {
      const at::Tensor qkv = at::arange(tokens * (heads + 2 * kv_heads) * kWidth, options()).add(shift).sin();
      go_to_heads_and_back(*group, GetParam(), qkv.view({tokens, -1, kWidth}));
    }
  }
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
