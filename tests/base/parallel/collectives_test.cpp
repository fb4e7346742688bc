// The promises of Collectives, checked with any backend and any number of ranks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/core/error.h"
#include "base/core/file_content.h"
#include "base/parallel/rank_groups.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class CollectivesTest : public testing::Test {
 protected:
  at::TensorOptions options(at::ScalarType dtype) const { return at::TensorOptions(device_).dtype(dtype); }
  // Values that tell ranks and places apart.
  at::Tensor of_rank(int rank, at::IntArrayRef shape, at::ScalarType dtype = at::kFloat) const {
    return (at::arange(c10::multiply_integers(shape), at::kFloat).reshape(shape) + 1000 * rank).to(options(dtype));
  }
  static bool same(const at::Tensor& a, const at::Tensor& b) {
    return a.defined() && b.defined() && a.dtype() == b.dtype() && a.device() == b.device() && at::equal(a, b);
  }
  // Whether this tensor holds the same bits on every rank.
  static bool same_everywhere(const at::Tensor& x) {
    const at::Tensor host = x.cpu().contiguous();
    const std::string mine = checksum(host.const_data_ptr(), host.nbytes());
    return mpi_world().max(mpi_world().broadcast(mine) == mine ? 0 : 1) == 0;
  }

  at::Device device_ = test_device();
  std::unique_ptr<Collectives> group_ = make_collectives(mpi_world(), device_);
  int rank_ = group_->shard().rank;
  int size_ = group_->shard().size;
};

TEST_F(CollectivesTest, KnowsMyPlace) { EXPECT_EQ(group_->shard(), mpi_world().shard()); }

TEST_F(CollectivesTest, SumsIntegersExactly) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kLong, at::kBFloat16, at::kHalf}) {
    for (const std::int64_t length : {0, 1, 7, 1000, 100003}) {  // no multiple of most rank counts
      const at::Tensor base = at::arange(length, at::kLong).remainder(13);
      at::Tensor x = (base + rank_).to(options(dtype));
      group_->all_reduce_sum(x);
      const at::Tensor sum = base * size_ + size_ * (size_ - 1) / 2;  // below 2^8: exact in bfloat16 too
      EXPECT_TRUE(same(x, sum.to(options(dtype)))) << dtype << " of " << length;
    }
  }
}

// Many rounds and sizes, the larger ones last: buffers grow, and are used again and again.
TEST_F(CollectivesTest, SumsBehindTheComputationEndInTheirOrder) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t rows : {1, 3, 257, 2048}) {
      for (int round = 0; round < 25; ++round) {
        const at::Tensor base = at::arange(rows * 8, at::kLong).remainder(13).view({rows, 8});
        group_->start_sum((base + rank_).to(options(dtype)));
        group_->start_sum((base + 2 * rank_ + round).to(options(dtype)));
        const std::int64_t ranks_sum = size_ * (size_ - 1) / 2;
        for (const at::Tensor& expected : {base * size_ + ranks_sum, (base + round) * size_ + 2 * ranks_sum}) {
          const SumTerms terms = group_->finish_sum();
          const at::Tensor sum = terms.other.defined() ? terms.own + terms.other : terms.own;
          ASSERT_TRUE(same(sum, expected.to(options(dtype)))) << dtype << ", " << rows << " rows, round " << round;
        }
      }
    }
  }
}

TEST_F(CollectivesTest, RefusesSumsOutOfTurn) {
  EXPECT_THROW(group_->finish_sum(), Error);
  const auto begin = [&] { group_->start_sum(at::zeros({4, 4}, options(at::kFloat))); };
  begin();
  begin();
  EXPECT_THROW(group_->start_sum(at::zeros({1, 1}, at::kLong)), std::exception);
  group_->finish_sum();
  group_->finish_sum();
}

TEST_F(CollectivesTest, SumsToTheSameBitsEverywhere) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kBFloat16}) {
    for (const std::int64_t length :
         {1, 3, 100, 4099, 50021, 1 << 20}) {  // MPI and NCCL change algorithm with the size
      const at::Tensor noise = ((at::arange(length, at::kDouble) + 1) * (rank_ + 1.618)).sin().exp();
      at::Tensor x = noise.to(options(dtype));
      group_->all_reduce_sum(x);
      EXPECT_TRUE(same_everywhere(x)) << dtype << " of " << length;
    }
  }
}

TEST_F(CollectivesTest, GathersAlongEachDimension) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kLong, at::kByte}) {
    for (const std::int64_t dim : {0, 1, 2, 3, -1}) {
      std::vector<at::Tensor> parts;
      for (int rank = 0; rank < size_; ++rank) parts.push_back(of_rank(rank, {2, 3, 5, 7}, dtype));
      const at::Tensor joined = group_->all_gather(parts[static_cast<std::size_t>(rank_)], dim);
      EXPECT_TRUE(joined.is_contiguous());
      EXPECT_TRUE(same(joined, at::cat(parts, dim))) << dtype << " along " << dim;
    }
  }
}

TEST_F(CollectivesTest, GathersEmptyAndLargeTensors) {
  EXPECT_EQ(group_->all_gather(at::empty({0, 3}, options(at::kFloat)), 0).sizes(), at::IntArrayRef({0, 3}));
  const at::Tensor large = group_->all_gather(at::full({1 << 20}, rank_, options(at::kFloat)), 0);
  for (int rank = 0; rank < size_; ++rank) {
    EXPECT_TRUE(large.slice(0, rank << 20, (rank + 1) << 20).eq(rank).all().item<bool>());
  }
}

TEST_F(CollectivesTest, BroadcastsFromAnyRank) {
  for (int root = 0; root < size_; ++root) {
    at::Tensor x = of_rank(rank_, {3, 11});
    group_->broadcast(x, root);
    EXPECT_TRUE(same(x, of_rank(root, {3, 11})));
  }
}

TEST_F(CollectivesTest, ExchangesRowsWithNeighbours) {
  const auto up_of = [&](int rank) { return of_rank(rank, {1, 4, 6}); };
  const auto down_of = [&](int rank) { return of_rank(rank + 100, {2, 4, 6}); };
  const auto [above, below] = group_->exchange_rows(up_of(rank_), down_of(rank_));
  ASSERT_EQ(above.defined(), rank_ > 0);
  ASSERT_EQ(below.defined(), rank_ + 1 < size_);
  EXPECT_TRUE(rank_ == 0 || same(above, down_of(rank_ - 1)));
  EXPECT_TRUE(rank_ + 1 == size_ || same(below, up_of(rank_ + 1)));
}

TEST_F(CollectivesTest, GathersUnevenRowsOnRankZero) {
  const auto part = [&](int rank) { return of_rank(rank, {(rank * 5 + 3) % 7, 9}, at::kByte); };  // some have no rows
  const std::vector<at::Tensor> all = group_->gather_to_root(part(rank_));
  ASSERT_EQ(all.size(), rank_ == 0 ? static_cast<std::size_t>(size_) : 0U);
  for (std::size_t rank = 0; rank < all.size(); ++rank) EXPECT_TRUE(same(all[rank], part(static_cast<int>(rank))));
}

TEST_F(CollectivesTest, ExchangesUnequalSharesWithAll) {
  const auto share = [&](int from, int to, at::ScalarType dtype) {  // some are empty
    return of_rank(from + 10 * to, {(3 * from + 2 * to) % 5, 3, 7}, dtype);
  };
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kByte}) {
    std::vector<at::Tensor> to, from;
    for (int rank = 0; rank < size_; ++rank) {
      to.push_back(share(rank_, rank, dtype));
      from.push_back(at::empty_like(share(rank, rank_, dtype)));
    }
    group_->all_to_all(to, from);
    for (int rank = 0; rank < size_; ++rank) {
      EXPECT_TRUE(same(from[static_cast<std::size_t>(rank)], share(rank, rank_, dtype))) << dtype << " of " << rank;
    }
  }
}

// Into the rows of one tensor, where a rank's own rows are already.
TEST_F(CollectivesTest, ExchangesLargeSharesInPlace) {
  constexpr std::int64_t kRows = 100'003, kWidth = 8;
  const at::Tensor whole = at::full({size_ * kRows, kWidth}, rank_, options(at::kFloat));
  std::vector<at::Tensor> to, from;
  for (int rank = 0; rank < size_; ++rank) {
    from.push_back(whole.narrow(0, rank * kRows, kRows));
    to.push_back(rank == rank_ ? from.back() : at::full({kRows, kWidth}, rank_, options(at::kFloat)));
  }
  group_->all_to_all(to, from);
  for (const at::Tensor& rows : from) EXPECT_TRUE(rows.eq(rows[0][0]).all().item<bool>());
  EXPECT_EQ(whole.select(1, 0).sum(at::kLong).item<std::int64_t>(), kRows * (size_ * (size_ - 1) / 2));
}

TEST_F(CollectivesTest, CountsWhatARankSends) {
  at::Tensor x = at::zeros({6, 5}, options(at::kFloat));
  const double bytes = 6 * 5 * 4, others = size_ - 1;
  group_->all_reduce_sum(x);
  group_->start_sum(x);
  group_->finish_sum();
  group_->all_gather(x, 0);
  group_->all_to_all(std::vector<at::Tensor>(static_cast<std::size_t>(size_), x),
                     std::vector<at::Tensor>(static_cast<std::size_t>(size_), at::empty_like(x)));
  const int calls = size_ > 1 ? 1 : 0;
  EXPECT_EQ(group_->traffic(ExchangeKind::Sum).calls, 2 * calls);
  EXPECT_DOUBLE_EQ(group_->traffic(ExchangeKind::Sum).bytes, 4 * bytes * others / size_);
  for (const ExchangeKind kind : {ExchangeKind::Gather, ExchangeKind::AllToAll}) {
    EXPECT_EQ(group_->traffic(kind).calls, calls);
    EXPECT_DOUBLE_EQ(group_->traffic(kind).bytes, bytes * others);
  }
  EXPECT_EQ(group_->traffic(ExchangeKind::Other).calls, 0);
}

TEST_F(CollectivesTest, TwoGroupsDoNotMix) {
  const Comm half = mpi_world().split(rank_ % 2);
  const std::unique_ptr<Collectives> mine = make_collectives(half, device_);
  at::Tensor x = at::ones({5}, options(at::kFloat));
  mine->all_reduce_sum(x);
  EXPECT_TRUE(same(x, at::full({5}, mine->shard().size, options(at::kFloat))));
}

TEST_F(CollectivesTest, RefusesWhatItCannotSend) {
  if (size_ == 1) return;  // nothing is sent
  const at::Tensor strided = at::ones({4, 4}, options(at::kFloat)).t();
  at::Tensor flags = at::ones({4}, options(at::kBool));
  EXPECT_THAT([&] { group_->all_gather(strided.slice(0, 0, 2), 0); },
              ThrowsMessage<Error>(HasSubstr("not contiguous")));
  EXPECT_THAT([&] { group_->all_reduce_sum(flags); }, ThrowsMessage<Error>(HasSubstr("cannot sum tensors of Bool")));
  EXPECT_THAT([&] { group_->all_gather(at::ones({}, options(at::kFloat)), 0); },
              ThrowsMessage<Error>(HasSubstr("scalar")));
  EXPECT_THAT([&] { group_->all_to_all({strided}, {strided}); }, ThrowsMessage<Error>(HasSubstr("1 and 1 tensors")));
  EXPECT_THAT([&] { group_->broadcast(flags = at::Tensor(), 0); }, ThrowsMessage<Error>(HasSubstr("undefined")));
}

}  // namespace
}  // namespace orrery
