#include "pipeline/progress.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace orrery {
namespace {

TEST(Duration, IsReadAloud) {
  EXPECT_EQ(duration_text(0.123), "0.12 s");
  EXPECT_EQ(duration_text(12.34), "12.3 s");
  EXPECT_EQ(duration_text(245.4), "4 min 05 s");
  EXPECT_EQ(duration_text(7400), "2 h 03 min");
}

TEST(Progress, LogsTheFirstAndTheLastStepWhenNotOnATerminal) {
  testing::internal::CaptureStderr();
  const Log log(LogLevel::Normal, 0);
  Progress progress(log, "clip a", 3);
  for (int step = 0; step < 3; ++step) progress.step_done(step);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("clip a: step 1/3, "), std::string::npos) << text;
  EXPECT_EQ(text.find("step 2/3"), std::string::npos) << text;
  EXPECT_NE(text.find("step 3/3, "), std::string::npos) << text;
  EXPECT_NE(text.find("s/step, 0.00 s left"), std::string::npos) << text;
}

// The steps of an earlier run took none of this one's time.
TEST(Progress, AResumedClipCountsItsOwnSteps) {
  testing::internal::CaptureStderr();
  const Log log(LogLevel::Normal, 0);
  Progress progress(log, "clip a", 1000, 998);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  progress.step_done(998);
  progress.step_done(999);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("clip a: step 999/1000, 0.0"), std::string::npos) << text;
  EXPECT_EQ(text.find("0.00 s/step"), std::string::npos) << text;
  EXPECT_NE(text.find("step 1000/1000, "), std::string::npos) << text;
}

TEST(Progress, OtherRanksAndQuietRunsSayNothing) {
  testing::internal::CaptureStderr();
  const Log other_rank(LogLevel::Normal, 3);
  const Log quiet(LogLevel::Quiet, 0);
  Progress(other_rank, "clip", 1).step_done(0);
  Progress(quiet, "clip", 1).step_done(0);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace orrery
