#include "app/outputs/run_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "base/core/error.h"
#include "base/core/file.h"
#include "support/background.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

const Log kQuiet(LogLevel::Quiet);
constexpr milliseconds kNoPatience(0);

class RunLocks : public testing::Test {
 protected:
  std::shared_ptr<RunLock> take(ManifestShard shard, milliseconds patience = kNoPatience) const {
    return std::make_shared<RunLock>(folder_.path(), shard, kQuiet, patience);
  }
  // The error message when `shard` cannot lock the folder; "" when it can.
  std::string refusal(ManifestShard shard, milliseconds patience = kNoPatience) const {
    try {
      take(shard, patience);
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

struct Pair {
  std::string name;
  ManifestShard held;
  ManifestShard wanted;
  bool together;
};

class RunLockPair : public RunLocks, public testing::WithParamInterface<Pair> {};

TEST_P(RunLockPair, GoTogetherOrNot) {
  const Background other([&] { return take(GetParam().held); });
  EXPECT_EQ(refusal(GetParam().wanted).empty(), GetParam().together) << refusal(GetParam().wanted);
}

INSTANTIATE_TEST_SUITE_P(
    Shards, RunLockPair,
    testing::Values(Pair{"WholeAndWhole", {0, 1}, {0, 1}, false}, Pair{"WholeAndShard", {0, 1}, {2, 3}, false},
                    Pair{"ShardAndWhole", {0, 2}, {0, 1}, false}, Pair{"OneSplit", {0, 2}, {1, 2}, true},
                    Pair{"OneLargeSplit", {999'999, 1'000'000}, {0, 1'000'000}, true},
                    Pair{"TheSameShard", {1, 2}, {1, 2}, false}, Pair{"TwoSplits", {0, 2}, {2, 3}, false},
                    Pair{"TwoSplitsTheOtherWay", {2, 3}, {0, 2}, false},
                    Pair{"FarSplits", {7, 8}, {999'999, 1'000'000}, false}),
    [](const auto& test) { return test.param.name; });

TEST_F(RunLocks, TheHolderIsNamed) {
  ::setenv("SLURM_JOB_ID", "4711", 1);
  const Background other([&] { return take({2, 8}); });
  ::unsetenv("SLURM_JOB_ID");
  std::array<char, 256> host{};
  ASSERT_EQ(::gethostname(host.data(), host.size() - 1), 0);
  EXPECT_THAT(refusal({2, 8}), AllOf(HasSubstr(folder_.path().string() + ": in use by a run of shard 2/8"),
                                     HasSubstr(std::string("host ") + host.data() + ", Slurm job 4711, process "),
                                     HasSubstr(", since 20"), HasSubstr("another --out")));
  EXPECT_THAT(refusal({0, 1}), HasSubstr("and this is the whole manifest"));
  EXPECT_THAT(refusal({999'999, 1'000'000}), AllOf(HasSubstr("shard 2/8"), HasSubstr("this is shard 999999/1000000")));
}

TEST_F(RunLocks, ARefusedRunLeavesTheHoldersNameAlone) {
  const Background other([&] { return take({0, 1}); });
  const std::string before = refusal({0, 1});
  EXPECT_THAT(before, HasSubstr("process "));
  EXPECT_EQ(refusal({0, 1}), before);
}

TEST_F(RunLocks, AKilledHolderKeepsNobodyOut) {
  Background other([&] { return take({0, 1}); });
  ASSERT_NE(refusal({0, 4}), "");
  other.kill();
  EXPECT_EQ(refusal({0, 4}), "");
}

TEST_F(RunLocks, ARunWaitsForAHolderThatIsAboutToLeave) {
  Background other([&] { return take({0, 1}); });
  const std::filesystem::path said = folder_ / "run.log";
  Log log(LogLevel::Quiet);
  log.keep_in(said);
  std::thread leaving([&] {
    while (read_file(said).find("waiting for another run") == std::string::npos) std::this_thread::yield();
    other.leave();
  });
  EXPECT_NO_THROW(RunLock(folder_.path(), {0, 1}, log, std::chrono::hours(1)));
  leaving.join();
}

TEST_F(RunLocks, OnlyTheLockFileStays) {
  take({0, 1}).reset();
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    names.push_back(entry.path().filename());
  EXPECT_THAT(names, testing::ElementsAre(".run.lock"));
}

TEST_F(RunLocks, KnowWhenTheFolderIsAnotherOne) {
  const auto held = take({});
  EXPECT_NO_THROW(held->require_in_place());
  std::filesystem::remove_all(folder_.path());
  EXPECT_THROW(held->require_in_place(), Error);
  std::filesystem::create_directory(folder_.path());
  folder_.write(".run.lock", "");  // of another run that has begun here since
  EXPECT_THAT([&] { held->require_in_place(); },
              testing::ThrowsMessage<Error>(HasSubstr("removed or replaced while this run worked in it")));
}

TEST_F(RunLocks, AreSeenWithoutBeingTaken) {
  EXPECT_EQ(run_lock_problem(folder_.path(), {}), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  const Background other([&] { return take({1, 4}); });
  EXPECT_EQ(run_lock_problem(folder_.path(), {0, 4}), "");
  EXPECT_THAT(run_lock_problem(folder_.path(), {1, 4}), HasSubstr("in use by a run of shard 1/4"));
}

}  // namespace
}  // namespace orrery
