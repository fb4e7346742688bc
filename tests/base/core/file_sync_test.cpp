// The order in which files reach the disk. This program's own fsync and rename stand before the C library's: they note
// each call and pass it on.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/core/file.h"
#include "support/temporary_folder.h"

namespace {

std::vector<std::string>& calls() {
  static std::vector<std::string> list;
  return list;
}

// What a descriptor was opened as, and how much of it there is.
std::string name_of(int descriptor) {
  const std::filesystem::path link = "/proc/self/fd/" + std::to_string(descriptor);
  const std::filesystem::path file = std::filesystem::read_symlink(link);
  if (std::filesystem::is_directory(file)) return file.filename().string() + "/";
  return file.filename().string() + " of " + std::to_string(std::filesystem::file_size(file));
}

}  // namespace

extern "C" int fsync(int descriptor) {
  calls().push_back("fsync " + name_of(descriptor));
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

extern "C" int rename(const char* from, const char* to) noexcept {
  calls().push_back("rename " + std::filesystem::path(from).filename().string() + " to " +
                    std::filesystem::path(to).filename().string());
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

namespace orrery {
namespace {

using testing::ElementsAre;

class FileSync : public testing::Test {
 protected:
  FileSync() { calls().clear(); }
  std::string folder() const { return folder_.path().filename().string() + "/"; }
  TemporaryFolder folder_;
};

// The content before the name, and the name before anything that comes after.
TEST_F(FileSync, AFileIsOnTheDiskBeforeItHasItsName) {
  write_file(folder_ / "a.json", "content");
  EXPECT_THAT(calls(), ElementsAre("fsync a.json.tmp of 7", "rename a.json.tmp to a.json", "fsync " + folder()));
}

TEST_F(FileSync, SoIsOneThatAnotherWriterMade) {
  PendingFile pending(folder_ / "a.h5");
  std::FILE* const file = std::fopen(pending.path().c_str(), "w");
  std::fputs("latents", file);
  std::fclose(file);
  EXPECT_THAT(calls(), testing::IsEmpty());
  pending.commit();
  EXPECT_THAT(calls(), ElementsAre("fsync a.h5.tmp of 7", "rename a.h5.tmp to a.h5", "fsync " + folder()));
}

TEST_F(FileSync, ALineIsOnTheDiskWhenItIsAppended) {
  for (int line = 0; line < 2; ++line) append_line(folder_ / "results.jsonl", "1234");
  EXPECT_THAT(calls(), ElementsAre("fsync results.jsonl of 5", "fsync results.jsonl of 10"));
}

}  // namespace
}  // namespace orrery
