// What happens at step boundaries: snapshots that follow closely, the time that they take, and warnings of failures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/core/file.h"
#include "pipeline/denoise_clip.h"
#include "support/mpi_world.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kSteps = 20;

LatentFile clip() {
  LatentFile file;
  file.request = "{}";
  file.sigmas.assign(kSteps + 1, 0.5F);
  file.timesteps.assign(kSteps, 500);
  return file;
}

DenoiseState state_after(std::int64_t step, const at::Tensor& video) {
  DenoiseState state;
  state.latents[Stream::Video] = video;
  state.samplers[Stream::Video] = {step, video, video, video};
  return state;
}

class StepBoundaries : public testing::Test {
 protected:
  StepBoundaries() { log_.keep_in(folder_ / "run.log"); }

  StepWatch watch(StopFlag& stop, SnapshotWriter& writer, std::int64_t every) {
    progress_.steps_begin(kSteps);
    return {log_, progress_, stop, pace_, times_, &writer, every};
  }
  std::string said() const { return read_file(folder_ / "run.log"); }
  static void wait_for(const SnapshotWriter& writer) {
    while (writer.busy()) std::this_thread::yield();
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "clip.h5";
  Log log_{LogLevel::Quiet};
  Progress progress_{log_, 1, 1};
  Pace pace_;
  StepTimes times_{at::kCPU};
  at::Tensor video_ = at::ones({2, 3, 4, 5});
  // As large as 10 GB and of no memory: a snapshot of it is expected to take twelve minutes.
  at::Tensor huge_ = at::zeros({1}).expand({48, 1000, 1000, 50});
};

// A run that is killed goes on from the newest snapshot: no more than the interval's steps are lost.
TEST_F(StepBoundaries, ASnapshotIsNeverOlderThanTheInterval) {
  for (const std::int64_t every : {1, 3, 7}) {
    StopFlag stop(mpi_world(), {});
    SnapshotWriter writer(path_, clip());
    StepWatch boundaries = watch(stop, writer, every);
    ASSERT_TRUE(boundaries.before_first());
    for (std::int64_t step = 1; step < kSteps; ++step) {
      ASSERT_TRUE(boundaries.step_done(state_after(step, video_), kSteps));
      wait_for(writer);
      if (step >= every) {
        EXPECT_GT(read_latents(path_).running->step, step - every) << every;
      }
    }
  }
  EXPECT_THAT(said(), Not(HasSubstr("warning")));
}

// kill_test counts by these lines what a killed run loses.
TEST_F(StepBoundaries, VerboseTellsOfEachSnapshot) {
  const std::filesystem::path file = folder_ / "verbose.log";
  Log log(LogLevel::Verbose);
  log.keep_in(file);
  StopFlag stop(mpi_world(), {});
  SnapshotWriter writer(path_, clip());
  progress_.steps_begin(kSteps);
  StepWatch boundaries(log, progress_, stop, pace_, times_, &writer, 2);
  for (std::int64_t step = 1; step <= 3; ++step) boundaries.step_done(state_after(step, video_), kSteps);
  EXPECT_THAT(read_file(file),
              AllOf(HasSubstr(" begins to write a snapshot of step 2\n"), Not(HasSubstr("snapshot of step 3"))));
}

TEST_F(StepBoundaries, AClipEndsWithoutASnapshotOfItsLastStep) {
  StopFlag stop(mpi_world(), {});
  SnapshotWriter writer(path_, clip());
  StepWatch boundaries = watch(stop, writer, 1);
  EXPECT_TRUE(boundaries.step_done(state_after(kSteps, video_), kSteps));
  EXPECT_FALSE(writer.busy());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

// A stop at the next boundary has to leave time for the snapshot under way and for the last one.
TEST_F(StepBoundaries, ASlowSnapshotStopsTheClipEarlier) {
  struct Row {
    seconds left;
    bool goes_on;
  };
  const DenoiseState state = state_after(1, huge_);
  for (const Row row : {Row{seconds(1000), false}, Row{seconds(100'000), true}}) {
    pace_ = {};
    StopFlag stop(mpi_world(), {{}, system_clock::now() + row.left});
    SnapshotWriter writer(path_, clip());
    StepWatch boundaries = watch(stop, writer, 0);
    ASSERT_TRUE(boundaries.before_first());
    EXPECT_EQ(boundaries.step_done(state, kSteps), row.goes_on) << row.left.count();
    EXPECT_EQ(pace_.snapshot_seconds, writer.expected_seconds(state));
    EXPECT_GE(pace_.seconds_ahead(), 2 * writer.expected_seconds(state));
  }
}

TEST_F(StepBoundaries, TheLongestStepCounts) {
  StopFlag stop(mpi_world(), {});
  SnapshotWriter writer(path_, clip());
  StepWatch boundaries = watch(stop, writer, 0);
  pace_.step_seconds = 50;
  ASSERT_TRUE(boundaries.before_first());
  boundaries.step_done(state_after(1, video_), kSteps);
  EXPECT_GE(pace_.seconds_ahead(), 50);
}

TEST_F(StepBoundaries, ASnapshotThatCannotBeWrittenIsWarnedOf) {
  StopFlag stop(mpi_world(), {});
  SnapshotWriter writer(folder_ / "gone/clip.h5", clip());
  StepWatch boundaries = watch(stop, writer, 1);
  for (std::int64_t step = 1; step <= 2; ++step) {
    EXPECT_TRUE(boundaries.step_done(state_after(step, video_), kSteps));
    wait_for(writer);
  }
  EXPECT_THAT(said(), HasSubstr("warning: a snapshot could not be written: "));
}

TEST_F(StepBoundaries, SoIsTheLastOneOfAStop) {
  StopFlag stop(mpi_world(), {});
  SnapshotWriter writer(folder_ / "gone/clip.h5", clip());
  watch(stop, writer, 0).save(state_after(1, video_));
  EXPECT_THAT(said(), HasSubstr("warning: a snapshot could not be written: "));
}

}  // namespace
}  // namespace orrery
