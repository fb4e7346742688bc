// Files that appear whole, whoever else writes them.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/core/file.h"
#include "support/background.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class Pending : public testing::Test {
 protected:
  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

// The files of a folder, by name.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_F(Pending, WritersOfOneTargetDoNotTouchEachOthersBytes) {
  const fs::path target = folder_ / "a.txt";
  {
    PendingFile first(target);
    std::ofstream(first.path()) << "first";
    PendingFile second(target);
    EXPECT_NE(first.path(), second.path());
    std::ofstream(second.path()) << "second";
    const Background other([&] {
      auto third = std::make_shared<PendingFile>(target);
      std::ofstream(third->path()) << "third";
      return third;
    });
    EXPECT_THAT(names_in(folder_), ElementsAre("a.txt.1.tmp", "a.txt.2.tmp", "a.txt.tmp"));
    second.commit();
    EXPECT_EQ(read_file(target), "second");
    first.commit();
    EXPECT_EQ(read_file(target), "first") << "the last one to commit stays";
  }
  EXPECT_THAT(names_in(folder_), ElementsAre("a.txt", "a.txt.2.tmp")) << "a killed process cannot clean up";
}

TEST_F(Pending, WhatKilledWritersLeftGoes) {
  const fs::path target = folder_ / "a.txt";
  for (const char* left : {"a.txt.tmp", "a.txt.1.tmp", "a.txt.2.tmp"}) {
    std::ofstream(folder_ / left) << "longer than what is written next";
  }
  write_file(target, "whole");
  EXPECT_THAT(names_in(folder_), ElementsAre("a.txt"));
  EXPECT_EQ(read_file(target), "whole");
}

TEST_F(Pending, AnEncoderThatClosesTheFileKeepsTheClaim) {
  const fs::path target = folder_ / "a.txt";
  PendingFile first(target);
  std::ofstream(first.path()) << "first";  // opened and closed
  const PendingFile second(target);
  EXPECT_NE(first.path(), second.path());
}

TEST_F(Pending, ManyWritersAtOnceLeaveOneWholeFile) {
  const fs::path target = folder_ / "a.txt";
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) write_file(target, std::string(10'000, static_cast<char>('a' + i)));
    });
  }
  for (std::thread& writer : writers) writer.join();
  const std::string content = read_file(target);
  EXPECT_EQ(content, std::string(10'000, content.front()));
  EXPECT_THAT(names_in(folder_), ElementsAre("a.txt"));
}

}  // namespace
}  // namespace orrery
