// orrery plan, as a user starts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/file.h"
#include "orrery_program.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Plan : public testing::Test {
 protected:
  Ending plan(const CommandLine& more, int exit_code = 0) const {
    CommandLine words{"plan", "--manifest", manifest_, "--checkpoint", "random:nano"};
    words.insert(words.end(), more.begin(), more.end());
    Ending ending = run_program(orrery(words));
    EXPECT_EQ(ending.exit_code, exit_code) << ending.err;
    return ending;
  }

  TemporaryFolder folder_;
  std::string manifest_ = folder_.write("clips.jsonl", random_line("a", {{"num_frames", 189}}) + "\n" +
                                                           random_line("b", {{"width", 832}, {"height", 480}}) + "\n");
};

TEST_F(Plan, TellsWhichRanksAreBest) {
  EXPECT_THAT(
      plan({"--gpus", "4", "--gpu", "h100"}).out,
      AllOf(HasSubstr("random:nano on NVIDIA H100"), HasSubstr("most clips per GPU hour   --cfg 1 --sp 1 --tp 1"),
            HasSubstr("shortest time per clip    --cfg 2 --sp 2 --tp 1")));
}

TEST_F(Plan, TakesAMeasuredProfile) {
  const std::string profile = ORRERY_SOURCE "/tools/results/gpu-step-h200.jsonl";
  const Json json = Json::parse(plan({"--profile", profile, "--gemm", "fp8", "--tp", "2", "--json"}).out);
  EXPECT_EQ(json["rates"]["from"], profile);
  EXPECT_EQ(json["topologies"].size(), 1U);
  EXPECT_EQ(json["topologies"][0]["tp"], 2);
  EXPECT_GT(json["topologies"][0]["kinds"][1]["rank_work"]["step"]["sum_bytes"], 0);
}

TEST_F(Plan, RefusesWhatRunWould) {
  EXPECT_THAT(plan({"--tp", "3"}, 2).err, HasSubstr("3"));
  EXPECT_THAT(plan({"--profile", manifest_}, 2).err, HasSubstr("clips.jsonl:1: not a line of orrery bench --json"));
  folder_.write("clips.jsonl", "{\"id\": \"a\", \"prompt\": \"x\", \"num_frames\": 8}\n");
  EXPECT_THAT(plan({}, 2).err, HasSubstr("num_frames"));
}

}  // namespace
}  // namespace orrery
