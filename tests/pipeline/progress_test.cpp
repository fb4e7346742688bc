#include "pipeline/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/core/file.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(ProgressText, SaysWhatIsKnown) {
  EXPECT_EQ(steps_text({"a", "", 35, 0, 0}), "step 0/35");
  EXPECT_EQ(steps_text({"a", "", 35, 12, 2.9, 66.7}), "step 12/35, 2.90 s/step, 1 min 07 s left");
  EXPECT_EQ(run_text({120, 0, 0, 0, 0, {}}), "0 of 120 done");
  EXPECT_EQ(run_text({120, 0, 2, 0.1, 0, 7400}), "0 of 120 done, 2 failed, 2 h 03 min left");
  EXPECT_EQ(run_text({120, 3, 1, 0.1, 20.44, 7400}), "3 of 120 done, 1 failed, 20.4 clips/h, 2 h 03 min left");
  EXPECT_EQ(run_text({2, 2, 0, 1, 1234.6, {}}), "2 of 2 done, 1235 clips/h");
}

struct Width {
  std::size_t columns;
  std::vector<std::string> lines;
};

TEST(ProgressText, FitsTheTerminal) {
  const ClipProgress clip{"[3/120] drive-0003", "", 35, 12, 2.9, 66.7};
  const RunProgress run{120, 2, 1, 0.025, 20.44, 7400};
  for (const Width& width : std::vector<Width>{
           {40, {"[3/120] … step 12/35, 2.90 s/step, 1 m…", "2 of 120… 20.4 clips/h, 2 h 03 min left"}},
           {60,
            {"[3/120] drive-0003 step 12/35, 2.90 s/step, 1 min 07 s left",
             "2 of 120 done, 1 … 20.4 clips/h, 2 h 03 min left"}},
           {80,
            {"[3/120] drive-0003      [####........] step 12/35, 2.90 s/step, 1 min 07 s left",
             "2 of 120 done, 1 failed [............] 20.4 clips/h, 2 h 03 min left"}},
           {140,
            {"[3/120] drive-0003      [#############...........................] step 12/35, 2.90 s/step, 1 min 07 s "
             "left",
             "2 of 120 done, 1 failed [#.......................................] 20.4 clips/h, 2 h 03 min left"}}}) {
    EXPECT_EQ(status_lines(clip, run, width.columns), width.lines) << width.columns;
  }
}

TEST(ProgressText, NamesWhatHasNoSteps) {
  EXPECT_THAT(status_lines({"[1/1] a", "decode", 4, 2, 0.1}, {1, 0, 0, 1, 0, {}}, 68),
              ElementsAre("[1/1] a     [######......] decode", "0 of 1 done [############] "));
}

class ProgressLines : public testing::Test {
 protected:
  static std::string end() { return testing::internal::GetCapturedStderr(); }
  void SetUp() override { testing::internal::CaptureStderr(); }
};

TEST_F(ProgressLines, AreTheFirstAndTheLastStepAndTheEnd) {
  const Log log(LogLevel::Normal, 0);
  Progress progress(log, 2, 10);
  progress.clip_begins("[1/2] a", 5);
  progress.steps_begin(3);
  for (int step = 1; step <= 3; ++step) progress.steps_done(1, 0.001 * step);
  progress.phase("decode");
  progress.clip_ended("a", false, 83);
  progress.clip_begins("[2/2] b", 5);
  progress.clip_ended("b", true, 1);
  progress.finish();
  EXPECT_THAT(
      end(),
      AllOf(ContainsRegex("^20[0-9-]* [0-9:]* \\[1/2\\] a: step 1/3, "), Not(HasSubstr("step 2/3")),
            ContainsRegex("step 3/3, [0-9.]+ s/step, 0.00 s left\n20.* a done in 1 min 23 s\n20.* 1 of 2 done, "),
            ContainsRegex("1 of 2 done, 1 failed, [^\n]*\n$"), Not(HasSubstr("decode")), Not(HasSubstr("b done")),
            Not(HasSubstr("\x1b"))));
}

TEST_F(ProgressLines, AreAllStepsWhenVerbose) {
  const Log log(LogLevel::Verbose, 0);
  Progress progress(log, 1, 1);
  progress.clip_begins("[1/1] a", 1);
  progress.steps_begin(3);
  for (int step = 1; step <= 3; ++step) progress.steps_done(1, 0.001 * step);
  EXPECT_THAT(end(), HasSubstr("step 2/3"));
}

// The steps of an earlier run took none of this one's time, and are none of its work.
TEST_F(ProgressLines, CountAResumedClipsOwnSteps) {
  const Log log(LogLevel::Normal, 0);
  Progress progress(log, 2, 2000);
  progress.clip_begins("[1/2] a", 1000);
  progress.steps_begin(1000, 998);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  progress.steps_done(1, 0.02);
  progress.steps_done(1, 0.03);
  progress.clip_ended("a", false, 0.03);
  const std::string text = end();
  EXPECT_THAT(text, AllOf(HasSubstr("[1/2] a: step 999/1000, 0.02 s/step"), HasSubstr("step 1000/1000, 0.01")));
  // Two steps took at least 30 ms, so a thousand take at least 15 s.
  EXPECT_THAT(text,
              ContainsRegex(
                  "1 of 2 done, [0-9]+ clips/h, ([1-9][0-9]\\.[0-9] s|[0-9]+ min [0-9]+ s|[0-9]+ h [0-9]+ min) left"));
}

// Of four steps the second and the third take next to nothing: after the first, half of the time is still to come.
TEST_F(ProgressLines, WeighStepsByTheirWork) {
  const Log log(LogLevel::Verbose, 0);
  Progress progress(log, 1, 1);
  progress.clip_begins("[1/1] a", 1);
  progress.steps_begin({1, 0.01, 0.01, 1});
  progress.steps_done(1, 100);
  progress.steps_done(1, 101);
  EXPECT_THAT(end(), AllOf(HasSubstr("step 1/4, 100.00 s/step, 1 min 42 s left"),
                           HasSubstr("step 2/4, 50.50 s/step, 1 min 41 s left")));
}

// A clip that fails before its first step leaves nothing to wait for.
TEST_F(ProgressLines, LeaveOutTheWorkOfFailedClips) {
  const Log log(LogLevel::Normal, 0);
  Progress progress(log, 3, 1001);
  progress.clip_begins("[1/3] a", 1);
  progress.steps_begin(1);
  progress.steps_done(1, 0.001);
  progress.clip_begins("[2/3] b", 1000);
  progress.clip_ended("b", true, 0.1);
  progress.clip_begins("[3/3] c", 0);
  progress.clip_ended("a", false, 0.1);
  EXPECT_THAT(end(), ContainsRegex("1 of 3 done, 1 failed, [0-9]+ clips/h\n"));
}

TEST_F(ProgressLines, OtherRanksAndQuietRunsSayNothing) {
  for (const Log& log : {Log(LogLevel::Normal, 3), Log(LogLevel::Quiet, 0)}) {
    Progress progress(log, 1, 1);
    progress.clip_begins("clip", 1);
    progress.steps_begin(1);
    progress.steps_done(1, 0.001);
    progress.clip_ended("clip", false, 1);
    progress.finish();
  }
  EXPECT_EQ(end(), "");
}

TEST_F(ProgressLines, GoToALogFileQuietOrNot) {
  const TemporaryFolder folder;
  const auto file = folder.write("run.log", "of an earlier run\n");
  Log log(LogLevel::Quiet, 0);
  log.keep_in(file);
  Progress progress(log, 1, 1);
  progress.clip_begins("[1/1] a", 1);
  progress.steps_begin(1);
  progress.steps_done(1, 0.001);
  log.warning("attention");
  EXPECT_THAT(end(), ContainsRegex("^20[0-9-]* [0-9:]* warning: attention\n$"));
  EXPECT_THAT(read_file(file),
              ContainsRegex("^of an earlier run\n20.* \\[1/1\\] a: step 1/1.*\n20.* warning: attention\n$"));
}

}  // namespace
}  // namespace orrery
