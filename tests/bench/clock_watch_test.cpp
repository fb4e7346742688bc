#include "bench/clock_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "core/file.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

TEST(ClockWatch, ReadsALine) {
  const auto state = parse_gpu_state("1755, 3201, 693.41, 61\n");
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->sm_mhz, 1755);
  EXPECT_EQ(state->memory_mhz, 3201);
  EXPECT_EQ(state->power_w, 693.41);
  EXPECT_EQ(state->temperature_c, 61);
  for (const char* line : {"", "[N/A], 3201, 1, 2", "No devices were found", "1755, 3201, 693.41"}) {
    EXPECT_FALSE(parse_gpu_state(line).has_value()) << line;
  }
}

// A nvidia-smi of the test's own, first in PATH.
class FakeSmi {
 public:
  explicit FakeSmi(const std::string& body) : path_(std::getenv("PATH")) {
    const std::filesystem::path program = folder_ / "nvidia-smi";
    write_file(program, "#!/bin/sh\n" + body + "\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    ::setenv("PATH", (program.parent_path().string() + ":" + path_).c_str(), 1);
  }
  ~FakeSmi() { ::setenv("PATH", path_.c_str(), 1); }

 private:
  TemporaryFolder folder_;
  std::string path_;
};

Json wait_for(ClockWatch& watch) {
  Json seen;
  while (seen.is_null()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    seen = watch.seen();
  }
  return seen;
}

TEST(ClockWatch, SeesWhatNvidiaSmiSays) {
  const FakeSmi smi("echo '1980, 2619, 120.5, 34'");
  ClockWatch watch("GPU-0");
  const Json seen = wait_for(watch);
  ASSERT_TRUE(seen.is_object());
  EXPECT_EQ(seen["sm_mhz"], 1980);
  EXPECT_EQ(seen["memory_mhz"], 2619);
  EXPECT_EQ(seen["power_w"], 120.5);
  EXPECT_EQ(seen["temperature_c"], 34);
  EXPECT_EQ(watch.seen(), seen);  // nothing new: what was seen before
}

TEST(ClockWatch, SeesNothingWhereThereIsNothing) {
  const TemporaryFolder folder;
  const FakeSmi smi("echo 'no such GPU' >&2; : >" + (folder / "asked").string() + "; exit 6");
  ClockWatch watch("GPU-0");
  while (!std::filesystem::exists(folder / "asked")) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(watch.seen().is_null());
}

}  // namespace
}  // namespace orrery
