#include "base/core/process_setup.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <string>
#include <thread>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/handle.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Touches 4 MiB of stack.
int deep(int level) {
  std::array<volatile char, 4096> page;
  page[0] = static_cast<char>(level);
  return level == 0 ? page[0] : deep(level - 1) + page[0] - page[0];
}

// In a child, since the limit would stay.
void work_on_a_small_stack() {
  rlimit small{};
  small.rlim_cur = small.rlim_max = 256 << 10;
  ::setrlimit(RLIMIT_STACK, &small);
  ::_exit(with_enough_stack([] {
    int in_thread = 1;
    std::thread([&] { in_thread = deep(1000); }).join();
    return 7 + deep(1000) + in_thread;
  }));
}

TEST(Stack, IsEnoughForWorkAndThreadsWhateverTheLimit) {
  EXPECT_EXIT(work_on_a_small_stack(), testing::ExitedWithCode(7), "");
}

TEST(Stack, WorkStaysInThisThreadWhereTheLimitAllowsIt) {
  std::thread::id there;
  EXPECT_EQ(with_enough_stack([&] {
              there = std::this_thread::get_id();
              return 3;
            }),
            3);
  rlimit limit{};
  ::getrlimit(RLIMIT_STACK, &limit);
  EXPECT_EQ(there == std::this_thread::get_id(), limit.rlim_cur >= kStackBytes);
}

Descriptor open_file(const std::filesystem::path& path, int flags) {
  return Descriptor(::open(path.c_str(), flags | O_CLOEXEC, 0666));
}

TEST(StandardOutput, WritesWhatIsPrinted) {
  const TemporaryFolder folder;
  const std::string large(100'000, 'x');
  {
    const Descriptor file = open_file(folder.path() / "out", O_WRONLY | O_CREAT);
    StandardOutput out(file.get());
    std::cout << "a " << 1 << large << std::flush << "b";
    out.finish();
  }
  EXPECT_EQ(read_file(folder.path() / "out"), "a 1" + large + "b");
}

TEST(StandardOutput, ThrowsWhatKeepsItFromWriting) {
  const Descriptor full = open_file("/dev/full", O_WRONLY);
  StandardOutput out(full.get());
  std::cout << "kept for now";
  EXPECT_THAT([&] { out.finish(); },
              ThrowsMessage<Error>(HasSubstr("standard output: cannot be written: No space left")));
  EXPECT_THAT([&] { std::cout << std::string(100'000, 'x'); }, ThrowsMessage<Error>(HasSubstr("No space left")));
}

TEST(StandardOutput, APipeWithoutAReaderIsAnError) {
  let_writes_fail();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  {
    StandardOutput out(ends[1]);
    std::cout << "nobody reads this";
    EXPECT_THAT([&] { out.finish(); }, ThrowsMessage<Error>(HasSubstr("Broken pipe")));
  }
  ::close(ends[1]);
}

// In children, since the limit and the closed streams would stay. They end with 7 when all is right.
void write_too_much(const std::filesystem::path& file) {
  let_writes_fail();
  rlimit limit{};
  limit.rlim_cur = limit.rlim_max = 1000;
  ::setrlimit(RLIMIT_FSIZE, &limit);
  try {
    write_file(file, std::string(2000, 'x'));
  } catch (const Error& e) {
    ::_exit(std::string(e.what()).find("File too large") == std::string::npos ? 1 : 7);
  }
  ::_exit(2);
}

void open_without_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) ::close(descriptor);
  open_closed_standard_streams();
  const bool later = ::open("/dev/null", O_RDONLY) > 2;
  const bool fails = ::write(STDOUT_FILENO, "x", 1) < 0 && errno == EBADF;
  ::_exit(later && fails ? 7 : 1);
}

TEST(StandardStreams, TheFileSizeLimitIsAFailedWrite) {
  const TemporaryFolder folder;
  EXPECT_EXIT(write_too_much(folder / "large"), testing::ExitedWithCode(7), "");
  EXPECT_FALSE(std::filesystem::exists(folder / "large"));
}

TEST(StandardStreams, FilesNeverGetTheNumbersOfClosedStreams) {
  EXPECT_EXIT(open_without_streams(), testing::ExitedWithCode(7), "");
}

}  // namespace

}  // namespace orrery
