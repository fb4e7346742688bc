#include "base/core/file_lock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/background.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using Outcome = FileLock::Outcome;
using Ranges = std::vector<LockRange>;

constexpr bool kExclusive = true;
constexpr bool kShared = false;

class FileLocks : public testing::Test {
 protected:
  // Another process that holds `ranges`.
  std::shared_ptr<void> take(const Ranges& ranges) const {
    auto lock = std::make_shared<FileLock>(path_);
    return lock->try_take(ranges) == Outcome::Taken ? lock : throw std::runtime_error("not taken");
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "lock";
};

struct Meeting {
  std::string name;
  Ranges theirs;
  Ranges mine;
  Outcome outcome;
};

class FileLockMeeting : public FileLocks, public testing::WithParamInterface<Meeting> {};

TEST_P(FileLockMeeting, EndsAsTheRangesSay) {
  const Background other([&] { return take(GetParam().theirs); });
  EXPECT_EQ(FileLock(path_).try_take(GetParam().mine), GetParam().outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Ranges, FileLockMeeting,
    testing::Values(Meeting{"SamePlace", {{7, 1, kExclusive}}, {{7, 1, kExclusive}}, Outcome::Busy},
                    Meeting{"SharedUnderExclusive", {{0, 0, kExclusive}}, {{7, 1, kShared}}, Outcome::Busy},
                    Meeting{"ExclusiveOverShared", {{7, 1, kShared}}, {{0, 0, kExclusive}}, Outcome::Busy},
                    Meeting{"BothShared", {{0, 0, kShared}}, {{0, 0, kShared}}, Outcome::Taken},
                    Meeting{"SideBySide", {{0, 7, kExclusive}}, {{7, 1, kExclusive}}, Outcome::Taken},
                    Meeting{"FarOut", {{1LL << 40, 1, kExclusive}}, {{(1LL << 40) + 1, 0, kExclusive}}, Outcome::Taken},
                    Meeting{"TheSecondOfTwo", {{9, 1, kShared}}, {{1, 1, kShared}, {9, 1, kExclusive}}, Outcome::Busy}),
    [](const auto& test) { return test.param.name; });

TEST_F(FileLocks, ARefusedTakeLeavesNothingTaken) {
  const Background other([&] { return take({{5, 1, kExclusive}}); });
  FileLock lock(path_);
  ASSERT_EQ(lock.try_take(Ranges{{1, 1, kExclusive}, {5, 1, kExclusive}}), Outcome::Busy);
  EXPECT_NO_THROW(Background([&] { return take({{1, 1, kExclusive}}); }));
}

TEST_F(FileLocks, AKilledHolderHoldsNothing) {
  Background other([&] { return take({{0, 0, kExclusive}}); });
  FileLock lock(path_);
  ASSERT_EQ(lock.try_take(Ranges{{0, 1, kShared}}), Outcome::Busy);
  other.kill();
  EXPECT_EQ(lock.try_take(Ranges{{0, 1, kShared}}), Outcome::Taken);
}

TEST_F(FileLocks, TheFirstExclusiveRangeOfOthersIsFound) {
  const FileLock lock(path_);
  EXPECT_EQ(lock.exclusive_elsewhere(), std::nullopt);
  const Background other([&] { return take({{0, 40, kShared}, {90, 1, kExclusive}, {50, 1, kExclusive}}); });
  EXPECT_EQ(lock.exclusive_elsewhere(), 50);
}

TEST_F(FileLocks, AFolderThatIsNotThereIsAnError) {
  EXPECT_THROW(FileLock(folder_ / "nowhere" / "lock"), std::runtime_error);
}

}  // namespace
}  // namespace orrery
