// The order of results, and the GPU hours of each run, do not depend on the hosts' clocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/outputs/run_records.h"
#include "base/core/file.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class ResultTimes : public testing::Test {
 protected:
  static RequestResult result(const std::string& id, ResultStatus status, const std::string& finished) {
    RequestResult result;
    result.id = id;
    result.status = status;
    if (status == ResultStatus::Failed) result.error = "no GPU memory";
    result.seconds.add("denoise", 100);
    result.finished = finished;
    return result;
  }
  static RequestResult made_on(RequestResult result, std::int64_t ranks, const std::string& device) {
    result.ranks = ranks;
    result.device = device;
    return result;
  }
  void run_of(std::int64_t ranks, const std::string& device) const {
    whole_.write_run("", Json::object(), {{{"ranks", ranks}, {"device", device}}, Json::object(), 3});
  }

  TemporaryFolder folder_;
  RunFiles whole_{folder_.path()};
  RunFiles shard_{folder_.path(), {0, 2}};
};

const std::string kEarly = "2026-01-02T03:04:05Z";
const std::string kLate = "2026-01-02T05:06:07Z";
const std::string kAhead = "2097-11-29T23:00:00Z";

TEST_F(ResultTimes, TheLastLineOfAFileCountsWhateverItsClock) {
  for (const std::string& earlier : {kLate, kAhead, std::string()}) {
    fs::remove(whole_.results_path());
    whole_.append(result("a", ResultStatus::Failed, earlier));
    whole_.append(result("a", ResultStatus::Done, kEarly));
    const RunRecords records = read_records(folder_.path());
    EXPECT_EQ(records.done, 1) << earlier;
    EXPECT_EQ(records.failed, 0) << earlier;
    EXPECT_THAT(records.done_times, ElementsAre(kEarly));
  }
}

TEST_F(ResultTimes, FilesAreOrderedByTime) {
  shard_.append(result("a", ResultStatus::Done, kLate));
  whole_.append(result("a", ResultStatus::Failed, kEarly));
  EXPECT_EQ(read_records(folder_.path()).done, 1);
  whole_.append(result("a", ResultStatus::Stopped, "2026-01-03T00:00:00Z"));
  EXPECT_EQ(read_records(folder_.path()).stopped, 1);
}

TEST_F(ResultTimes, AClockThatRanAheadDoesNotHideWhatOtherFilesSayLater) {
  whole_.append(result("a", ResultStatus::Failed, kAhead));
  whole_.append(result("b", ResultStatus::Done, kEarly));
  shard_.append(result("a", ResultStatus::Done, kLate));
  const RunRecords records = read_records(folder_.path());
  EXPECT_EQ(records.done, 2);
  EXPECT_EQ(records.failed, 0);
}

TEST_F(ResultTimes, NoLineIsLaterThanItsFile) {
  whole_.append(result("a", ResultStatus::Done, kAhead));
  EXPECT_LT(timed_results(whole_.results_path()).front().finished, kAhead);
}

TEST_F(ResultTimes, GpuHoursAreThoseOfTheRanksThatMadeEachClip) {
  run_of(8, "cuda");
  whole_.append(made_on(result("a", ResultStatus::Done, kEarly), 1, "cuda"));
  whole_.append(made_on(result("b", ResultStatus::Done, kLate), 4, "cuda"));
  whole_.append(made_on(result("c", ResultStatus::Done, kLate), 2, "cpu"));
  const RunRecords records = read_records(folder_.path());
  EXPECT_TRUE(records.on_gpus);
  EXPECT_DOUBLE_EQ(records.gpu_seconds, 500);
  EXPECT_DOUBLE_EQ(records.seconds, 300);
}

TEST_F(ResultTimes, OfEarlierReleasesCountAsTheRunSays) {
  run_of(8, "cuda");
  whole_.append(result("a", ResultStatus::Done, kEarly));
  EXPECT_DOUBLE_EQ(read_records(folder_.path()).gpu_seconds, 800);
  run_of(8, "cpu");
  EXPECT_FALSE(read_records(folder_.path()).on_gpus);
}

}  // namespace
}  // namespace orrery
