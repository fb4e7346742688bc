#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

#include "base/core/error.h"
#include "storage_fixture.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using AtomicWrite = StorageTest;

LatentFile large_file(float first) {
  LatentFile file;
  file.state = LatentFile::State::Running;
  file.running = RunningState{0, {{Stream::Video, {}}}};
  file.latents[Stream::Video] = make_array({1, 16, 16, 45, 80}, first);
  return file;
}

TEST_F(AtomicWrite, KilledWhileWritingTheOldFileStays) {
  const std::filesystem::path path = folder_ / "a.h5";
  write_latents(path, large_file(1));
  const std::uintmax_t whole = std::filesystem::file_size(path);
  for (const double share : {0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0}) {
    const LatentFile old = large_file(1);
    write_latents(path, old);
    const LatentFile next = large_file(2);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      while (true) write_latents(path, next);
    }
    const auto enough = static_cast<std::uintmax_t>(share * static_cast<double>(whole));
    std::error_code absent;
    std::uintmax_t written = 0;
    do {
      written = std::filesystem::file_size(path.string() + ".tmp", absent);
    } while (absent || written < enough);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const LatentFile found = read_latents(path);
    EXPECT_TRUE(found == old || found == next) << share;
  }
  write_latents(path, large_file(3));  // temporary files of a killed writer do not get in the way
  EXPECT_EQ(read_latents(path), large_file(3));
}

// /dev/full acts as a full disk.
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
