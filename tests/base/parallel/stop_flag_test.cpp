#include "base/parallel/stop_flag.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "support/mpi_world.h"

namespace orrery {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

int last_rank() { return mpi_world().shard().size - 1; }
int own_rank() { return mpi_world().shard().rank; }

StopLimits in(seconds time) { return {{}, system_clock::now() + time}; }

TEST(StopFlag, GoesOnUnlessAsked) {
  StopFlag stop(mpi_world(), {});
  for (int step = 0; step < 3; ++step) {
    stop.step_done();
    EXPECT_FALSE(stop.agree(1e9));
  }
  EXPECT_FALSE(stop.urgent());
  EXPECT_EQ(stop.reason(), "");
}

class Signalled : public testing::TestWithParam<int> {};

// Also when one rank alone is told, and before the first question.
TEST_P(Signalled, StopsEveryRank) {
  StopFlag stop(mpi_world(), {});
  if (own_rank() == last_rank()) std::raise(GetParam());
  EXPECT_EQ(stop.urgent(), own_rank() == last_rank());
  EXPECT_TRUE(stop.agree());
  EXPECT_TRUE(stop.urgent());
  EXPECT_EQ(stop.reason(), GetParam() == SIGINT ? "SIGINT" : GetParam() == SIGTERM ? "SIGTERM" : "SIGUSR1");
}

TEST_P(Signalled, MoreSignalsAtOnceChangeNothing) {
  StopFlag stop(mpi_world(), {});
  std::raise(GetParam());
  for (const int signal : {SIGTERM, SIGUSR1, SIGINT}) std::raise(signal);
  EXPECT_EQ(noted_stop_signal(), GetParam());
  EXPECT_TRUE(stop.agree());
  EXPECT_FALSE(StopFlag(mpi_world(), {}).agree()) << "a new run starts afresh";
}

INSTANTIATE_TEST_SUITE_P(Signals, Signalled, testing::Values(SIGINT, SIGTERM, SIGUSR1),
                         [](const auto& test) { return "Signal" + std::to_string(test.param); });

TEST(StopFlag, CountsTheStepsOfTheRun) {
  StopFlag stop(mpi_world(), {3, {}});
  for (int step = 0; step < 3; ++step) {
    EXPECT_FALSE(stop.agree());
    stop.step_done();
  }
  EXPECT_TRUE(stop.agree());
  EXPECT_FALSE(stop.urgent()) << "what is begun may be finished";
  EXPECT_EQ(stop.reason(), "the step limit");
}

TEST(StopFlag, LeavesInTimeForWhatIsAhead) {
  StopFlag stop(mpi_world(), in(seconds(100)));
  EXPECT_FALSE(stop.agree(60));
  // The rank that expects the most decides.
  EXPECT_TRUE(stop.agree(own_rank() == last_rank() ? 99 : 0));
  EXPECT_TRUE(stop.agree()) << "once agreed, it stays";
  EXPECT_TRUE(stop.urgent());
  EXPECT_EQ(stop.reason(), "the time limit");
}

TEST(StopFlag, IsUrgentWhenTheTimeIsUp) {
  EXPECT_TRUE(StopFlag(mpi_world(), in(seconds(-1))).urgent());
  EXPECT_FALSE(StopFlag(mpi_world(), in(seconds(100))).urgent());
}

TEST(StopSignalsDeathTest, CtrlCAgainAfterAWhileEndsAtOnce) {
  if (!mpi_world().is_root()) return;
  const auto twice = [](int again) {
    note_stop_signals();
    std::raise(SIGINT);
    ::usleep(1'100'000);
    std::raise(again);
    std::_Exit(noted_stop_signal() == SIGINT ? 75 : 1);
  };
  EXPECT_EXIT(twice(SIGTERM), testing::ExitedWithCode(75), "");
  EXPECT_EXIT(twice(SIGINT), testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace orrery
