#include "io/checkpoint/file_reads.h"

#include <gtest/gtest.h>

#include <array>

#include "write_checkpoint.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(InputFile, ReadsAnyPart) {
  const TemporaryFolder folder;
  const InputFile file(folder.write("f", "0123456789"));
  EXPECT_EQ(file.size(), 10);
  std::array<std::byte, 4> bytes{};
  file.read({3, 4}, bytes.data(), "");
  EXPECT_EQ(bytes[0], std::byte{'3'});
  EXPECT_EQ(bytes[3], std::byte{'6'});
  file.drop_from_cache();
  file.read({6, 4}, bytes.data(), "");
  EXPECT_EQ(bytes[3], std::byte{'9'});
}

TEST(InputFile, NamesWhatAFileThatShrankLacks) {
  const TemporaryFolder folder;
  const auto path = folder.write("f", "0123456789");
  const InputFile file(path);
  std::filesystem::resize_file(path, 5);
  std::array<std::byte, 8> bytes{};
  expect_refused(
      [&] {
        file.read({2, 8}, bytes.data(), "tensor w");
      },
      path.string() + ": tensor w: ", "byte 5", "truncated?");
}

// The first byte of /proc/self/mem cannot be read, since nothing is mapped at address 0.
TEST(InputFile, NamesWhatTheDiskDoesNotGive) {
  const InputFile file("/proc/self/mem");
  std::byte byte{};
  EXPECT_THAT(
      [&] {
        file.read({0, 1}, &byte, "tensor w");
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("/proc/self/mem: tensor w: "), HasSubstr("Input/output error"))));
}

TEST(StridedBytes, PiecesAreWholeRunsWhereTheyFit) {
  EXPECT_EQ(piece_size({0, 3, 10, 7}, 8), 6);
  EXPECT_EQ(piece_size({0, 8, 10, 7}, 8), 8);
  EXPECT_EQ(piece_size({0, 9, 10, 7}, 8), 8);
}

// Runs of less than a page, of more than a page, and without gaps; pieces that begin and end inside a run.
TEST(StridedBytes, PackedPiecesAreTheRuns) {
  std::string content(300000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 2654435761U >> 24);
  const TemporaryFolder folder;
  const InputFile file(folder.write("f", content));
  for (const StridedBytes& bytes : {StridedBytes{7, 100, 130, 2000}, StridedBytes{5, 5000, 7001, 40},
                                    StridedBytes{11, 70000, 70000, 4}, StridedBytes{3, 250000, 250000, 1}}) {
    std::string expected;
    for (std::int64_t i = 0; i < bytes.count; ++i) {
      expected +=
          content.substr(static_cast<std::size_t>(bytes.begin + i * bytes.stride), static_cast<std::size_t>(bytes.run));
    }
    for (const std::int64_t largest : {4096, 30000, 1 << 20}) {
      const std::int64_t size = piece_size(bytes, largest);
      std::string found(expected.size(), '\0');
      for (std::int64_t at = 0; at < bytes.size(); at += size) {
        const Range piece{at, std::min(size, bytes.size() - at)};
        read_packed(file, bytes, piece, reinterpret_cast<std::byte*>(found.data()) + at, "");
      }
      EXPECT_TRUE(found == expected) << "runs of " << bytes.run << ", pieces of " << size;
    }
  }
}

TEST(ReadThreads, DoWhatIsLeftAndHandErrorsOn) {
  std::atomic<int> done = 0;
  std::future<void> failed;
  {
    ReadThreads threads(3);
    for (int i = 0; i < 100; ++i) threads.start([&] { ++done; });
    failed = threads.start([] { throw Error("no disk"); });
  }
  EXPECT_EQ(done, 100);
  EXPECT_THAT([&] { failed.get(); }, ThrowsMessage<Error>(HasSubstr("no disk")));
}

}  // namespace

}  // namespace orrery
