// In a program of its own: after forbid_writing() nothing is written in it any more, and no meeting ends.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/core/file.h"
#include "base/core/pulse.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

TEST(JobEnd, LetsNoFileAppearNoLineBeAddedAndNoMeetingEnd) {
  const fs::path folder = fs::temp_directory_path() / ("orrery-job-end-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  write_file(folder / "before", "kept");
  append_line(folder / "lines", "first");
  forbid_writing();
  std::atomic<int> begun{0};
  for (const bool line : {true, false}) {
    std::thread([&begun, folder, line] {
      ++begun;
      line ? append_line(folder / "lines", "second") : write_file(folder / "after", "garbage");
      std::_Exit(1);  // writing came back
    }).detach();
  }
  std::thread([&begun] {
    {
      const Meeting meeting;
      ++begun;
    }
    std::_Exit(1);  // the meeting ended
  }).detach();
  while (begun < 3 || !fs::exists(folder / "after.tmp")) std::this_thread::yield();
  // The temporary file is complete when the other thread comes to the gate, and a moment later it would be renamed.
  while (fs::file_size(folder / "after.tmp") < 7) std::this_thread::yield();
  for (int look = 0; look < 50; ++look) {
    ASSERT_FALSE(fs::exists(folder / "after"));
    ASSERT_EQ(read_file(folder / "lines"), "first\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(read_file(folder / "before"), "kept");
  fs::remove_all(folder);
  std::_Exit(testing::Test::HasFailure() ? 1 : 0);  // the threads never end
}

}  // namespace
}  // namespace orrery
