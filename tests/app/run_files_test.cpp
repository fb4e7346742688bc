#include "app/run_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/error.h"
#include "core/file.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

class RunFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "orrery-run-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

RequestResult done(const std::string& id) {
  RequestResult result;
  result.id = id;
  result.files = {"latents/" + id + ".h5", "media/" + id + ".mp4"};
  result.seconds.add("text", 0.25);
  result.seconds.add("denoise", 2.5);
  result.peak_memory = 123456789012;
  result.latent_checksum = "99aa";
  return result;
}

RequestResult failed(const std::string& id) {
  RequestResult result;
  result.id = id;
  result.status = ResultStatus::Failed;
  result.error = "no space left on \xFF";
  return result;
}

TEST_F(RunFolder, ResultsReadBack) {
  const RunFiles files(folder_);
  EXPECT_THAT(files.results(), IsEmpty());
  files.append(done("a"));
  files.append(failed("b"));
  const std::vector<RequestResult> results = files.results();
  ASSERT_THAT(results, SizeIs(2));
  EXPECT_EQ(results[0].id, "a");
  EXPECT_EQ(results[0].status, ResultStatus::Done);
  EXPECT_THAT(results[0].files, ElementsAre("latents/a.h5", "media/a.mp4"));
  EXPECT_EQ(results[0].seconds.phases(), done("a").seconds.phases());
  EXPECT_EQ(results[0].peak_memory, 123456789012);
  EXPECT_EQ(results[0].latent_checksum, "99aa");
  EXPECT_EQ(results[1].status, ResultStatus::Failed);
  EXPECT_THAT(results[1].error, HasSubstr("no space left"));
}

TEST_F(RunFolder, HalfALineOfAKilledRunIsPassedOverThenCutOff) {
  const RunFiles files(folder_);
  files.append(done("a"));
  write_file(files.results_path(), read_file(files.results_path()) + R"({"id":"b","sta)");
  EXPECT_THAT(done_ids(files.results()), ElementsAre("a"));
  files.append(done("c"));
  EXPECT_THAT(done_ids(files.results()), ElementsAre("a", "c"));
}

TEST_F(RunFolder, AFileThatIsHalfALineHoldsNothing) {
  const RunFiles files(folder_);
  write_file(files.results_path(), R"({"id")");
  EXPECT_THAT(files.results(), IsEmpty());
  files.append(done("a"));
  EXPECT_THAT(files.results(), SizeIs(1));
}

TEST_F(RunFolder, AForeignLineIsNamed) {
  const RunFiles files(folder_);
  files.append(done("a"));
  append_line(files.results_path(), R"({"id": "b"})");
  EXPECT_THAT([&] { files.results(); }, ThrowsMessage<InputError>(HasSubstr("results.jsonl:2: not a result of a run")));
}

TEST(DoneIds, TheLastResultCounts) {
  EXPECT_THAT(done_ids({done("a"), failed("a"), failed("b"), done("b"), failed("c")}), ElementsAre("b"));
}

TEST_F(RunFolder, RunSaysWhatRan) {
  const RunFiles files(folder_);
  files.write_run("cfg = 2\n", {{"orrery", "0.1.0"}}, {{{"ranks", 8}}, {{"folder", "c"}}});
  const Json run = parse_json_file(files.run_path());
  EXPECT_EQ(run["format"], "orrery-run");
  EXPECT_EQ(run["config"], "cfg = 2\n");
  EXPECT_EQ(run["topology"]["ranks"], 8);
  EXPECT_EQ(run["software"]["orrery"], "0.1.0");
}

}  // namespace
}  // namespace orrery
