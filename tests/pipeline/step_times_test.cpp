#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pipeline/clip_times.h"
#include "pipeline/denoise_clip.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A device that gets to a mark when the test says so.
class FakeMarks final : public StepMarks {
 public:
  struct Device {
    std::size_t passed = 0;     // marks
    std::vector<double> clock;  // seconds at each mark
  };
  explicit FakeMarks(Device& device) : device_(&device) {}
  void add() override {}
  bool passed(std::size_t mark) const override { return mark < device_->passed; }
  double seconds(std::size_t from, std::size_t to) const override {
    return device_->clock.at(to) - device_->clock.at(from);
  }
  void wait() const override { device_->passed = device_->clock.size(); }

 private:
  Device* device_;
};

TEST(StepTimes, KnowsOnlyTheStepsThatTheDeviceHasDone) {
  FakeMarks::Device device{0, {0, 10, 22, 30}};
  StepTimes times(std::make_unique<FakeMarks>(device));
  for (int mark = 0; mark < 4; ++mark) times.mark();
  times.look();
  EXPECT_EQ(times.queued(), 3);
  EXPECT_THAT(times.seconds(), IsEmpty());
  device.passed = 3;
  times.look();
  times.look();
  EXPECT_THAT(times.seconds(), ElementsAre(10, 12));
  EXPECT_EQ(times.longest(), 12);
  times.wait();
  EXPECT_EQ(times.passed(), 3);
  EXPECT_EQ(times.total(), 30);
}

TEST(StepTimes, OnACpuAStepIsDoneWhenItIsQueued) {
  StepTimes times(at::kCPU);
  times.look();
  EXPECT_EQ(times.queued(), 0);
  times.mark();
  times.mark();
  times.look();
  EXPECT_EQ(times.passed(), 1);
  EXPECT_GE(times.total(), 0);
}

DenoiseState state_at(std::int64_t step) {
  DenoiseState state;
  const at::Tensor latents = at::zeros({1, 1, 1, 1});
  state.latents[Stream::Video] = latents;
  state.samplers[Stream::Video] = {step, latents, latents, latents};
  return state;
}

class Watched : public testing::Test {
 protected:
  // `seconds_left`: until the job ends.
  StepWatch watch(double seconds_left, SnapshotWriter* snapshots = nullptr, std::int64_t every = 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::duration<double>(seconds_left));
    stop_.emplace(mpi_world(), StopLimits{std::nullopt, std::chrono::system_clock::now() + left});
    progress_.clip_begins("a", 10);
    progress_.steps_begin(10);
    times_.mark();
    return {log_, progress_, *stop_, pace_, times_, snapshots, every};
  }
  // The host queues the next step; whether it goes on behind it.
  bool step(StepWatch& watch) {
    times_.mark();
    return watch.step_done(state_at(times_.queued()), 10);
  }

  FakeMarks::Device device_{1, {0, 30, 60, 90, 120, 150}};
  StepTimes times_{std::make_unique<FakeMarks>(device_)};
  Log log_{LogLevel::Verbose, 0};
  Progress progress_{log_, 1, 10};
  Pace pace_;
  std::optional<StopFlag> stop_;
};

TEST_F(Watched, TellsTheDevicesStepsAndSeconds) {
  testing::internal::CaptureStderr();
  StepWatch watch = this->watch(1e6);
  EXPECT_TRUE(step(watch));
  EXPECT_TRUE(step(watch));
  device_.passed = 2;
  EXPECT_TRUE(step(watch));
  EXPECT_TRUE(step(watch));
  EXPECT_TRUE(step(watch));
  watch.finish();
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("a: step 1/10, 30.00 s/step"));
  EXPECT_THAT(text, HasSubstr("a: step 5/10, 30.00 s/step"));
  EXPECT_THAT(text, Not(HasSubstr("step 3/10")));
}

// Four steps wait in the queue: with the next one they take 150 s, and 100 s are left.
TEST_F(Watched, StopsBeforeTheQueueOutlastsTheTime) {
  StepWatch watch = this->watch(100);
  pace_.step_seconds = 30;
  EXPECT_TRUE(step(watch));
  device_.passed = 2;
  EXPECT_TRUE(step(watch));
  EXPECT_TRUE(step(watch));
  EXPECT_FALSE(step(watch));
}

TEST_F(Watched, GoesOnWhereTheDeviceKeepsUp) {
  StepWatch watch = this->watch(100);
  for (int i = 0; i < 4; ++i) {
    device_.passed = static_cast<std::size_t>(i) + 2;
    EXPECT_TRUE(step(watch));
  }
  EXPECT_EQ(pace_.step_seconds, 30);
}

TEST_F(Watched, WarnsOnceOfSnapshotsThatCannotBeWritten) {
  testing::internal::CaptureStderr();
  SnapshotWriter snapshots("/nowhere/a.h5", [] {
    LatentFile clip;
    clip.sigmas.assign(11, 0.5F);
    clip.timesteps.assign(10, 1);
    return clip;
  }());
  StepWatch watch = this->watch(1e6, &snapshots, 1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(step(watch));
    while (snapshots.busy()) std::this_thread::yield();
  }
  const std::string text = testing::internal::GetCapturedStderr();
  const std::size_t first = text.find("a snapshot could not be written");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("a snapshot could not be written", first + 1), std::string::npos) << text;
}

}  // namespace
}  // namespace orrery
