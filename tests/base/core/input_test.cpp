#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

class Input : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "orrery-input-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  static void expect_refused(const fs::path& path, const std::string& reason) {
    EXPECT_THAT([&] { open_input(path); },
                ThrowsMessage<InputError>(AllOf(StartsWith(path.string() + ": "), HasSubstr(reason))));
    EXPECT_THAT([&] { read_file(path); },
                ThrowsMessage<InputError>(AllOf(StartsWith(path.string() + ": "), HasSubstr(reason))));
  }

  fs::path folder_;
};

// Each of these would wait for somebody, or read without end.
TEST_F(Input, OnlyRegularFilesAreOpened) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (folder_ / "socket").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  fs::create_symlink("fifo", folder_ / "link");
  for (const fs::path& path :
       {folder_ / "fifo", folder_ / "socket", folder_ / "link", folder_, fs::path("/dev/zero")}) {
    SCOPED_TRACE(path);
    expect_refused(path, "not a file");
  }
  ::close(socket);
}

// It takes no room on the disk, but would take all memory.
TEST_F(Input, FilesWithHolesAreNotReadWhole) {
  const fs::path path = folder_ / "sparse.json";
  write_file(path, "{}");
  fs::resize_file(path, std::uintmax_t{1} << 40);
  EXPECT_THAT([&] { read_file(path); },
              ThrowsMessage<InputError>(AllOf(StartsWith(path.string() + ": "), HasSubstr("has 1099511627776 bytes"))));
}

TEST_F(Input, PathsThatLeadNowhere) {
  fs::create_symlink("loop", folder_ / "loop");
  fs::create_symlink("none", folder_ / "dangling");
  expect_refused(folder_ / "loop", "Too many levels of symbolic links");
  expect_refused(folder_ / std::string(300, 'n'), "File name too long");
  expect_refused(folder_ / "dangling", "no such file");
  expect_refused(folder_ / "none", "no such file");
  EXPECT_FALSE(is_there(folder_ / "dangling"));
  EXPECT_FALSE(is_file(folder_ / "none" / "below"));
  EXPECT_THAT([&] { is_there(folder_ / "loop"); },
              ThrowsMessage<InputError>(HasSubstr("loop: cannot be looked at: Too many levels of symbolic links")));
  EXPECT_THAT([&] { is_folder(folder_ / std::string(300, 'n')); },
              ThrowsMessage<InputError>(HasSubstr("File name too long")));
}

TEST_F(Input, WholeContentOfAnyLength) {
  for (const std::size_t size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 100'000UL}) {
    const std::string content(size, 'x');
    write_file(folder_ / "a", content);
    EXPECT_EQ(read_file(folder_ / "a"), content);
  }
  EXPECT_THAT(read_file("/proc/self/status"), HasSubstr("VmPeak")) << "a file that says it is empty";
}

}  // namespace
}  // namespace orrery
