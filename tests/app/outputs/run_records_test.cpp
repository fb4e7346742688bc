// The sums over the records in a run's folder.
#include "app/outputs/run_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/core/json.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Records : public testing::Test {
 protected:
  // A clip's result in a run of `shard`.
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

TEST_F(Records, ARunOfOtherTypesIsNamed) {
  add("a", ResultStatus::Done, "2026-01-01T00:00:01Z");
  for (const char* run : {"5", "[]", "\"a\"", R"({"topology": 5})", R"({"topology": {"ranks": "two"}})",
                          R"({"topology": {"device": ["cuda"]}})", R"({"manifest_requests": {"a": 1}})",
                          R"({"manifest_requests": null})"}) {
    folder_.write("run.json", run);
    EXPECT_THAT([&] { records(); }, ThrowsMessage<InputError>(AllOf(HasSubstr("run.json: not the record of a run: "),
                                                                    HasSubstr("; move the file away"))))
        << run;
  }
  folder_.write("run.json", std::string(100'000, '[') + std::string(100'000, ']'));
  EXPECT_THAT([&] { records(); }, ThrowsMessage<InputError>(HasSubstr("run.json:1: JSON nested more than 128 levels")));
}

TEST_F(Records, AFolderThatCannotBeLookedAtIsNamed) {
  std::filesystem::create_symlink("loop", folder_ / "loop");
  EXPECT_THAT([&] { read_records(folder_ / "loop"); },
              ThrowsMessage<InputError>(HasSubstr("loop: cannot be looked at: Too many levels of symbolic links")));
  EXPECT_THAT([&] { read_records(folder_ / std::string(300, 'n')); },
              ThrowsMessage<InputError>(HasSubstr("n: cannot be looked at: File name too long")));
  std::filesystem::create_symlink("results.jsonl", folder_ / "results.jsonl");
  EXPECT_THAT([&] { records(); }, ThrowsMessage<InputError>(HasSubstr("results.jsonl: cannot be looked at: Too many")));
}

}  // namespace
}  // namespace orrery
