// What travels through host memory is what MPI gives tensors of the CPU.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/parallel/collective_backends.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class HostCollectivesTest : public testing::Test {
 protected:
  at::Tensor mine(at::IntArrayRef shape) const {
    return at::arange(c10::multiply_integers(shape), at::kFloat).reshape(shape).add(1000 * (rank_ + 1)).sin();
  }

  int rank_ = mpi_world().shard().rank;
  HostCollectives host_{mpi_world(), at::kCPU};
  std::unique_ptr<Collectives> mpi_ = make_mpi_collectives(mpi_world());
};

TEST_F(HostCollectivesTest, KnowsMyPlace) { EXPECT_EQ(host_.shard(), mpi_world().shard()); }

TEST_F(HostCollectivesTest, SumsAndBroadcastsInPlace) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    at::Tensor x = mine({5, 3}).to(dtype), expected = x.clone();
    host_.all_reduce_sum(x);
    mpi_->all_reduce_sum(expected);
    EXPECT_TRUE(at::equal(x, expected)) << dtype;
  }
  const int last = mpi_world().shard().size - 1;
  at::Tensor x = mine({7}), expected = x.clone();
  host_.broadcast(x, last);
  mpi_->broadcast(expected, last);
  EXPECT_TRUE(at::equal(x, expected));
}

TEST_F(HostCollectivesTest, SumsThatWereBegunEndInTheirOrder) {
  host_.start_sum(mine({2, 3}));
  host_.start_sum(mine({4, 3}));
  for (const std::int64_t rows : {2, 4}) {
    const SumTerms terms = host_.finish_sum();
    at::Tensor expected = mine({rows, 3});
    mpi_->all_reduce_sum(expected);
    EXPECT_TRUE(at::equal(terms.other.defined() ? terms.own + terms.other : terms.own, expected));
  }
}

TEST_F(HostCollectivesTest, GathersAndExchanges) {
  EXPECT_TRUE(at::equal(host_.all_gather(mine({2, 3}), 1), mpi_->all_gather(mine({2, 3}), 1)));
  const auto same = [](const at::Tensor& a, const at::Tensor& b) {
    return a.defined() == b.defined() && (!a.defined() || at::equal(a, b));
  };
  const auto [above, below] = host_.exchange_rows(mine({1, 4}), mine({2, 4}));
  const auto expected = mpi_->exchange_rows(mine({1, 4}), mine({2, 4}));
  EXPECT_TRUE(same(above, expected.first));
  EXPECT_TRUE(same(below, expected.second));
  std::vector<at::Tensor> shares(3, mine({2, 3})), found, wanted;
  for (int i = 0; i < 3; ++i) found.push_back(at::empty({2, 3})), wanted.push_back(at::empty({2, 3}));
  host_.all_to_all(shares, found);
  mpi_->all_to_all(shares, wanted);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(found[i], wanted[i])) << i;
  const std::vector<at::Tensor> rows = host_.gather_to_root(mine({rank_, 4}));
  const std::vector<at::Tensor> all = mpi_->gather_to_root(mine({rank_, 4}));
  ASSERT_EQ(rows.size(), all.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_TRUE(at::equal(rows[i], all[i])) << i;
}

TEST_F(HostCollectivesTest, RefusesTensorsOfAnotherDevice) {
  const auto refusal = ThrowsMessage<Error>(HasSubstr("on cpu was given a tensor on meta"));
  EXPECT_THAT([&] { host_.all_gather(at::empty({2}, at::kMeta), 0); }, refusal);
  EXPECT_THAT([&] { host_.gather_to_root(at::empty({2}, at::kMeta)); }, refusal);
}

}  // namespace
}  // namespace orrery
