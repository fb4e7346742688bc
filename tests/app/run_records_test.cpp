// What the records in a run's folder add up to.
#include "app/run_records.h"

#include <gtest/gtest.h>

#include "core/json.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

class Records : public testing::Test {
 protected:
  // A clip's result, of a run that began with `shard`.
  void add(const std::string& id, ResultStatus status, const std::string& finished, ManifestShard shard = {}) const {
    RequestResult result;
    result.id = id;
    result.status = status;
    result.error = status == ResultStatus::Failed ? "image: \"" + id + ".png\": no such file" : "";
    result.seconds.add("denoise", 3600);
    result.finished = finished;
    RunFiles(folder_.path(), shard).append(result);
  }
  RunRecords records() const { return read_records(folder_.path()); }

  TemporaryFolder folder_;
};

TEST_F(Records, TheLastResultOfAClipCounts) {
  add("a", ResultStatus::Stopped, "2026-01-01T00:00:01Z");
  add("a", ResultStatus::Done, "2026-01-01T00:00:02Z");
  add("b", ResultStatus::Failed, "2026-01-01T00:00:03Z");
  add("c", ResultStatus::Failed, "2026-01-01T00:00:04Z");
  add("d", ResultStatus::Done, "2026-01-01T00:00:05Z");
  add("d", ResultStatus::Stopped, "2026-01-01T00:00:06Z");
  RunFacts facts;
  facts.topology["ranks"] = 1;
  facts.manifest_requests = 9;
  RunFiles(folder_.path()).write_run("", Json::object(), facts);
  const RunRecords found = records();
  EXPECT_EQ(found.done, 1);
  EXPECT_EQ(found.failed, 2);
  EXPECT_EQ(found.stopped, 1) << "begun, and not done";
  EXPECT_EQ(found.done_times, std::vector<std::string>{"2026-01-01T00:00:02Z"});
  EXPECT_EQ(found.remaining(), 8);
  ASSERT_EQ(found.failures.size(), 1U) << "one reason but for the names in it";
  EXPECT_EQ(found.failures[0].ids, (std::vector<std::string>{"b", "c"}));
}

}  // namespace
}  // namespace orrery
