// A test program that fails on one rank only; abort_test watches its verdict.
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

bool is_last() { return mpi_world().shard().rank == mpi_world().shard().size - 1; }

TEST(Verdict, Passes) { mpi_world().barrier(); }

TEST(Verdict, FailsOnTheLastRank) { EXPECT_FALSE(is_last()) << "seen on the last rank"; }

TEST(Verdict, ThrowsOnTheLastRank) {
  if (is_last()) throw Error("thrown on the last rank");
  mpi_world().barrier();
}

TEST(Verdict, EndsEarlyOnTheLastRank) {
  ASSERT_FALSE(is_last()) << "seen on the last rank";
  mpi_world().barrier();
}

}  // namespace
}  // namespace orrery
