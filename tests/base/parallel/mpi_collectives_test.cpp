// collectives_test.cpp on the CPU, and what only the MPI backend promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/parallel/rank_groups.h"
#include "support/mpi_world.h"

namespace orrery {

namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(MpiCollectives, RoundsOnceAfterTheSum) {
  const auto group = make_collectives(mpi_world(), at::kCPU);
  const auto [rank, size] = group->shard();
  for (const at::ScalarType dtype : {at::kBFloat16, at::kHalf}) {
    // 2048 + 1 + 1 + ... in the narrow type would lose each 1 on its own.
    at::Tensor x = at::full({3}, rank == 0 ? 2048.0 : 1.0, dtype);
    group->all_reduce_sum(x);
    EXPECT_TRUE(at::equal(x, at::full({3}, 2048.0 + size - 1, at::kFloat).to(dtype)));
  }
}

TEST(MpiCollectives, RefusesAnUnknownDevice) {
  if (mpi_world().shard().size == 1) return;
  EXPECT_THAT([] { make_collectives(mpi_world(), at::kMeta); }, ThrowsMessage<Error>(HasSubstr("not on meta")));
}

}  // namespace
}  // namespace orrery
