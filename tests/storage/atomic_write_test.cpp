#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "core/error.h"
#include "storage_fixture.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using AtomicWrite = StorageTest;

LatentFile large_file(float first) {
  LatentFile file;
  file.state = LatentFile::State::Running;
  file.running.emplace();
  file.video = make_array({1, 16, 16, 45, 80}, first);
  return file;
}

TEST_F(AtomicWrite, KilledWhileWritingTheOldFileStays) {
  const std::filesystem::path path = folder_ / "a.h5";
  for (const int milliseconds : {1, 5, 10, 15, 20, 30, 50}) {
    const LatentFile old = large_file(1);
    write_latents(path, old);
    const LatentFile next = large_file(2);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      while (true) write_latents(path, next);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const LatentFile found = read_latents(path);
    EXPECT_TRUE(found == old || found == next) << milliseconds;
  }
  write_latents(path, large_file(3));  // what a killed writer left beside it is in nobody's way
  EXPECT_EQ(read_latents(path), large_file(3));
}

// /dev/full stands in for a full disk.
TEST_F(AtomicWrite, NoRoomLeavesTheOldFile) {
  const std::filesystem::path path = folder_ / "a.h5";
  write_latents(path, complete_file());
  std::filesystem::create_symlink("/dev/full", path.string() + ".tmp");
  EXPECT_THAT([&] { write_latents(path, large_file(1)); },
              ThrowsMessage<Error>(HasSubstr("a.h5.tmp: No space left on device")));
  EXPECT_EQ(read_latents(path), complete_file());
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".tmp"));
}

}  // namespace
}  // namespace orrery
