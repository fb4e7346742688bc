#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/file_content.h"
#include "base/core/handle.h"
#include "base/core/json.h"
#include "base/core/shard.h"
#include "base/core/stopwatch.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "orrery-core-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};
using File = Folder;

TEST(Shard, SlicesEvenly) {
  EXPECT_EQ((Shard{0, 1}.slice(7)), (Range{0, 7}));
  EXPECT_EQ((Shard{2, 4}.slice(8)), (Range{4, 2}));
  const Shard third{1, 3};
  EXPECT_THAT([&] { third.slice(8); }, ThrowsMessage<Error>(HasSubstr("8 does not split over 3 ranks")));
}

int closed = 0;
struct CountingTraits {
  using type = int;
  static type null() noexcept { return -1; }
  static void close(type) noexcept { ++closed; }
};

TEST(UniqueHandle, ClosesOnceAndZeroIsAHandle) {
  closed = 0;
  {
    UniqueHandle<CountingTraits> a(0);
    UniqueHandle<CountingTraits> b(std::move(a));
    EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move)
    EXPECT_FALSE(b.empty());
    b = UniqueHandle<CountingTraits>(5);
    EXPECT_EQ(closed, 1);
    EXPECT_EQ(b.get(), 5);
  }
  EXPECT_EQ(closed, 2);
}

TEST_F(File, PendingFileAppearsOnlyWhenCommitted) {
  const fs::path target = folder_ / "a.txt";
  {
    PendingFile abandoned(target);
    write_file(abandoned.path(), "half");
  }
  EXPECT_TRUE(fs::is_empty(folder_));
  write_file(target, "one");
  write_file(target, "two");
  EXPECT_EQ(read_file(target), "two");
  EXPECT_FALSE(fs::exists(target.string() + ".tmp"));
}

TEST_F(File, ChecksumOfAFileIsThatOfItsBytes) {
  for (const std::size_t size : {0UL, 1UL, (1UL << 20) - 1, 1UL << 20, (1UL << 20) + 1, 3'000'000UL}) {
    std::string bytes(size, 'x');
    for (std::size_t i = 0; i < size; i += 1000) bytes[i] = static_cast<char>(i / 1000);
    write_file(folder_ / "a", bytes);
    EXPECT_EQ(file_checksum(folder_ / "a"), checksum(bytes.data(), bytes.size())) << size;
  }
  EXPECT_THAT([&] { file_checksum(folder_ / "none"); }, ThrowsMessage<InputError>(HasSubstr("none")));
  EXPECT_THAT([&] { file_checksum(folder_); }, ThrowsMessage<InputError>(HasSubstr("not a file")));
}

TEST_F(File, AppendsLines) {
  append_line(folder_ / "log", "a");
  append_line(folder_ / "log", "b");
  EXPECT_EQ(read_file(folder_ / "log"), "a\nb\n");
}

TEST_F(File, NamesWhatCannotBeRead) {
  EXPECT_THAT([&] { read_file(folder_ / "none"); }, ThrowsMessage<InputError>(HasSubstr("none: no such file")));
  EXPECT_THAT([&] { read_file(folder_); }, ThrowsMessage<InputError>(HasSubstr("not a file")));
  EXPECT_THAT([&] { write_file(folder_ / "no" / "such", "x"); }, ThrowsMessage<Error>(HasSubstr("no/such.tmp")));
}

TEST_F(File, WritableFolder) {
  require_writable_folder(folder_ / "deep" / "er");
  EXPECT_TRUE(fs::is_empty(folder_ / "deep" / "er"));
  write_file(folder_ / "plain", "");
  EXPECT_THAT([&] { require_writable_folder(folder_ / "plain" / "x"); },
              ThrowsMessage<InputError>(HasSubstr("plain/x")));
}

TEST_F(File, JsonErrorsNameFileAndLine) {
  write_file(folder_ / "c.json", "{\n \"a\": 1,\n \"b\": }\n");
  EXPECT_THAT([&] { parse_json_file(folder_ / "c.json"); },
              ThrowsMessage<InputError>(HasSubstr("c.json:3: not valid JSON")));
}

TEST(Checksum, TellsBytesApart) {
  EXPECT_EQ(checksum("", 0), "99aa06d3014798d86001c324468d497f");
  EXPECT_NE(checksum("a", 1), checksum("b", 1));
}

TEST(PhaseTimes, AddsUpInOrderOfAppearance) {
  PhaseTimes times;
  times.add("denoise", 2);
  times.add("decode", 1);
  times.add("denoise", 3);
  ASSERT_EQ(times.phases().size(), 2U);
  EXPECT_EQ(times.phases()[0], (std::pair<std::string, double>{"denoise", 5}));
  EXPECT_DOUBLE_EQ(times.total(), 6);
}

}  // namespace
}  // namespace orrery
