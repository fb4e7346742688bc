#include "app/bench/phases.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/core/error.h"
#include "models/nn/phase.h"

namespace orrery {
namespace {

void pass(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

TEST(Phases, NobodyListens) {
  EXPECT_EQ(phase("alone", [] { return 3; }), 3);
}

TEST(Phases, TimesByNameAndWithoutWhatIsInside) {
  const DeviceClock clock(at::kCPU);
  const PhaseRecorder recorder(clock);
  const auto begin = clock.mark();
  for (int i = 0; i < 2; ++i) {
    phase("outer", [] {
      pass(10);
      phase("inner", [] { pass(20); });
    });
  }
  phase("last", [] { pass(1); });
  const auto end = clock.mark();
  const std::vector<PhaseTime> times = recorder.times();
  ASSERT_EQ(times.size(), 3U);
  EXPECT_EQ(times[0].name, "outer");
  EXPECT_EQ(times[1].name, "outer / inner");
  EXPECT_EQ(times[2].name, "last");
  EXPECT_EQ(times[0].calls, 2);
  EXPECT_EQ(times[1].calls, 2);
  EXPECT_EQ(times[2].calls, 1);
  EXPECT_GE(times[0].ms, 20);
  EXPECT_GE(times[1].ms, 40);
  EXPECT_GE(times[2].ms, 1);
  EXPECT_LE(times[0].ms + times[1].ms + times[2].ms, begin.ms_until(end));
}

TEST(Phases, OfTheRecordersLifetimeOnly) {
  const DeviceClock clock(at::kCPU);
  {
    const PhaseRecorder recorder(clock);
    EXPECT_THROW(PhaseRecorder{clock}, Error);
    phase("first", [] {});
    EXPECT_EQ(recorder.times().size(), 1U);
  }
  phase("between", [] {});
  const PhaseRecorder recorder(clock);
  EXPECT_TRUE(recorder.times().empty());
}

}  // namespace
}  // namespace orrery
