// Ranks that write into each other's GPU memory while they compute; also where they share one GPU.
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/device/gpu.h"
#include "base/parallel/peer_windows.h"
#include "base/parallel/rank_groups.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

class PeerWindowTest : public testing::Test {
 protected:
  PeerWindowTest() { use_gpu(device_.index()); }

  at::TensorOptions options() const { return at::TensorOptions(device_).dtype(at::kBFloat16); }
  // The window of the group of all ranks.
  RowWindow& window() const {
    RowWindow* const found = group_->window(0);
    require(found != nullptr, "the group has no windows");
    return *found;
  }

  int rank_ = mpi_world().shard().rank;
  int ranks_ = mpi_world().shard().size;
  at::Device device_{at::kCUDA, static_cast<c10::DeviceIndex>(rank_ % count_gpus().count)};
  std::unique_ptr<Collectives> group_ = make_collectives(mpi_world(), device_);
};

// A number that bfloat16 holds exactly: of the sender, the receiver and the round.
double value_of(int from, int to, int round) { return 16.0 * from + 4 * to + round % 4; }

// Every rank sends a column of `width` to the matrix of each other rank, in two puts. The streams run ahead of the
// host, sizes grow, and the memory is used again as soon as it is free.
TEST_F(PeerWindowTest, RowsArriveWholeAndInTurn) {
  constexpr std::int64_t kWidth = 64;
  for (const std::int64_t rows : {2, 100, 5000}) {
    at::Tensor wrong = at::zeros({}, options().dtype(at::kLong));
    for (int round = 0; round < 100; ++round) {
      const at::Tensor matrix = window().begin({rows, ranks_ * kWidth}, rows * ranks_ * kWidth, options());
      ASSERT_TRUE(matrix.defined());
      for (int to = 0; to < ranks_; ++to) {
        const at::Tensor column = at::full({rows, kWidth}, value_of(rank_, to, round), options());
        if (to == rank_) {
          matrix.narrow(1, to * kWidth, kWidth).copy_(column);
          continue;
        }
        const std::int64_t pitch = ranks_ * kWidth;
        window().put(to, column.narrow(0, 0, rows / 2), rank_ * kWidth, pitch);
        window().put(to, column.narrow(0, rows / 2, rows - rows / 2), rank_ * kWidth + rows / 2 * pitch, pitch);
      }
      window().finish();
      for (int from = 0; from < ranks_; ++from) {
        wrong += matrix.narrow(1, from * kWidth, kWidth).ne(value_of(from, rank_, round)).sum();
      }
    }
    EXPECT_EQ(wrong.item<std::int64_t>(), 0) << rows << " rows";
  }
}

TEST_F(PeerWindowTest, CountWhatTheySend) {
  const Traffic before = group_->traffic(ExchangeKind::AllToAll);
  const at::Tensor rows = window().begin({8, 16}, 8 * 16, options());
  for (int to = 0; to < ranks_; ++to) {
    if (to != rank_) window().put(to, at::zeros({2, 16}, options()), 0, 16);
  }
  window().finish();
  EXPECT_EQ(group_->traffic(ExchangeKind::AllToAll).calls, before.calls + 1);
  EXPECT_EQ(group_->traffic(ExchangeKind::AllToAll).bytes, before.bytes + (ranks_ - 1) * 2 * 16 * 2);
}

TEST_F(PeerWindowTest, RefuseMemoryThatIsInUse) {
  const at::Tensor first = window().begin({8, 16}, 8 * 16, options());
  window().finish();
  EXPECT_THROW(window().begin({8, 16}, 8 * 16, options()), Error);
}

// More than any GPU has: all ranks learn that they have to go another way.
TEST_F(PeerWindowTest, AreNoneWithoutMemory) {
  RowWindow* const other = group_->window(1);
  ASSERT_NE(other, nullptr);
  EXPECT_FALSE(other->begin({1, 1}, std::int64_t{1} << 45, options()).defined());
  EXPECT_EQ(group_->window(1), nullptr);
}

}  // namespace
}  // namespace orrery
