// A clip's encoder that comes to its end behind, and is waited for or given up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/clip_media_files.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

class Backlog : public testing::Test {
 protected:
  Backlog() { fs::create_directories(folder_ / "media"); }
  // A clip of noise, every frame written.
  std::unique_ptr<ClipMediaFiles> clip(const std::string& id, PictureSize size, std::int64_t frames) const {
    ClipLabel label;
    label.id = id;
    auto files = std::make_unique<ClipMediaFiles>(label, size, false, RunFolder{folder_ / ""}, MediaSettings{});
    for (std::int64_t i = 0; i < frames; ++i) {
      files->write_frames(at::randint(256, {1, size.height, size.width, 3}, at::kByte));
    }
    return files;
  }
  bool exists(const std::string& id) const { return fs::exists(folder_ / ("media/" + id + ".mp4")); }

  TemporaryFolder folder_;
  MediaBacklog backlog_;
};

TEST_F(Backlog, FinishesBehind) {
  backlog_.start(clip("a", {64, 32}, 5));
  const MediaEnd end = backlog_.wait([] { return false; });
  EXPECT_EQ(end.files, std::vector<std::string>{"media/a.mp4"});
  EXPECT_EQ(end.error, "");
  EXPECT_FALSE(end.given_up);
  EXPECT_TRUE(exists("a"));
  backlog_.start(clip("b", {64, 32}, 1));
  while (!backlog_.ready()) std::this_thread::yield();
  EXPECT_TRUE(backlog_.wait([] { return true; }).error.empty()) << "what is complete is not given up";
  EXPECT_TRUE(exists("b"));
}

TEST_F(Backlog, GivesUpWhatNobodyWantsAnyMore) {
  backlog_.start(clip("a", {640, 352}, 60));
  const MediaEnd end = backlog_.wait([] { return true; });
  EXPECT_TRUE(end.given_up);
  EXPECT_EQ(end.error, "");
  EXPECT_FALSE(exists("a"));
  EXPECT_TRUE(fs::is_empty(folder_ / "media"));
}

TEST_F(Backlog, LeavesNothingWhenItGoes) {
  {
    MediaBacklog other;
    other.start(clip("a", {640, 352}, 60));
  }
  EXPECT_TRUE(fs::is_empty(folder_ / "media"));
}

TEST_F(Backlog, TellsWhatWentWrong) {
  auto files = clip("a", {64, 32}, 0);
  backlog_.start(std::move(files));
  EXPECT_THAT(backlog_.wait([] { return false; }).error, testing::HasSubstr("a.mp4: a video needs a frame"));
}

}  // namespace
}  // namespace orrery
