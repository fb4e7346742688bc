// Several runs that make the shards of one manifest at the same time, and runs that must not share a folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <list>
#include <memory>
#include <set>

#include "base/core/file.h"
#include "io/latents/latent_store.h"
#include "orrery_program.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Sharded : public testing::Test {
 protected:
  CommandLine command(const fs::path& out, const CommandLine& more = {}) const {
    return run_command("random:tiny", folder_ / "clips.jsonl", out, more);
  }
  CommandLine in_array(int id, int count, const CommandLine& line) const {
    CommandLine whole{"env",
                      "SLURM_ARRAY_TASK_ID=" + std::to_string(id),
                      "SLURM_ARRAY_TASK_COUNT=" + std::to_string(count),
                      "SLURM_ARRAY_TASK_MIN=1",
                      "SLURM_ARRAY_TASK_STEP=1",
                      "SLURM_JOB_ID=4711"};
    whole.insert(whole.end(), line.begin(), line.end());
    return whole;
  }
  std::set<std::string> done_in(const std::string& results) const {
    std::set<std::string> ids;
    for (const Json& line : json_lines(out_ / results)) {
      EXPECT_EQ(line.at("status"), "done") << line;
      ids.insert(line.at("id").get<std::string>());
    }
    return ids;
  }
  std::string checksum(const fs::path& out, const std::string& id) const {
    return latents_checksum(read_latents(out / "latents" / (id + ".h5")));
  }
  // Starts a run in the folder and halts it once it has written a snapshot, so that it keeps the folder's lock: a lock
  // that is held only during the start has been released by then.
  std::unique_ptr<Process> start_holder(const CommandLine& more) const {
    folder_.write("clips.jsonl", random_line("a", {{"steps", 1000}, {"num_frames", 9}}) + random_line("b"));
    CommandLine line = command(out_, more);
    line.insert(line.end(), {"--snapshot-every", "1"});
    auto process = std::make_unique<Process>(line);
    EXPECT_TRUE(soon([&] { return fs::exists(out_ / "snapshots/a.h5") || process->has_ended(); }));
    process->signal(SIGSTOP);
    EXPECT_FALSE(process->has_ended());
    return process;
  }

  TemporaryFolder folder_;
  fs::path out_ = folder_ / "out";
};

TEST_F(Sharded, TwoTasksOfAnArrayMakeOneManifestTogether) {
  folder_.write("clips.jsonl", random_line("a") + random_line("b") + random_line("c", {{"seed", 1}}) +
                                   random_line("a2", {{"condition_latents", "a"}}) + random_line("d"));
  Process first(in_array(1, 2, command(out_)));
  Process second(in_array(2, 2, command(out_)));
  const Ending ending = first.wait();
  EXPECT_EQ(ending.exit_code, 0) << ending.err;
  EXPECT_THAT(ending.err, HasSubstr("shard 0/2: 3 of the manifest's 5 requests"));
  EXPECT_EQ(second.wait().exit_code, 0);
  EXPECT_THAT(done_in("results-0-of-2.jsonl"), ElementsAre("a", "a2", "d"));
  EXPECT_THAT(done_in("results-1-of-2.jsonl"), ElementsAre("b", "c"));
  EXPECT_FALSE(fs::exists(out_ / "results.jsonl"));
  for (const char* part : {"0", "1"}) {
    const Json run = parse_json_file(out_ / ("run-" + std::string(part) + "-of-2.json"));
    EXPECT_THAT(run.at("config").get<std::string>(), HasSubstr("\nshard = " + std::string(part) + "/2\n"));
  }

  // A run of the whole manifest finds nothing left to do.
  const Ending whole = run_program(command(out_));
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_THAT(whole.err, HasSubstr("0 clips to make, 5 already complete"));
  const Ending alone = run_program(in_array(1, 2, command(folder_ / "alone", {"--shard", "0/1"})));
  EXPECT_EQ(alone.exit_code, 0) << alone.err;
  EXPECT_EQ(json_lines(folder_ / "alone/results.jsonl").size(), 5U);
  for (const char* id : {"a", "b", "c", "a2", "d"})
    EXPECT_EQ(checksum(out_, id), checksum(folder_ / "alone", id)) << id;
}

// Tasks that start at the same time on one host would conflict in a temporary folder of Open MPI.
TEST_F(Sharded, ATaskNeedsNoFolderOfItsLauncher) {
  folder_.write("clips.jsonl", random_line("a"));
  CommandLine line{"env", "TMPDIR=/dev/null/none"};
  for (const std::string& word : command(out_)) line.push_back(word);
  const Ending ending = run_program(line);
  EXPECT_EQ(ending.exit_code, 0) << ending.err;
  EXPECT_EQ(done_in("results.jsonl"), std::set<std::string>{"a"});
}

TEST_F(Sharded, TheWholeManifestIsChecked) {
  folder_.write("clips.jsonl", random_line("a") + random_line("b", {{"height", 33}}));
  for (const char* shard : {"0/2", "1/2"}) {
    const Ending ending = run_program(command(out_, {"--shard", shard}));
    EXPECT_EQ(ending.exit_code, 2);
    EXPECT_THAT(ending.err, HasSubstr("clips.jsonl:2: id \"b\": height: 33"));
  }
}

TEST_F(Sharded, AnEmptyShardIsDone) {
  folder_.write("clips.jsonl", random_line("a"));
  const Ending ending = run_program(command(out_, {"--shard", "1/2"}));
  EXPECT_EQ(ending.exit_code, 0) << ending.err;
  EXPECT_THAT(ending.err, HasSubstr("shard 1/2: 0 of the manifest's 1 request\n"));
}

TEST_F(Sharded, AnArrayWithGapsIsRefused) {
  folder_.write("clips.jsonl", random_line("a"));
  const Ending ending = run_program(in_array(9, 3, command(out_)));
  EXPECT_EQ(ending.exit_code, 2);
  EXPECT_THAT(ending.err, AllOf(HasSubstr("SLURM_ARRAY_TASK_ID 9"), HasSubstr("--shard I/N")));
}

TEST_F(Sharded, ASecondRunIsRefusedWithTheHoldersName) {
  const auto holder = start_holder({});
  std::list<Process> others;
  for (const CommandLine& more : {CommandLine{}, CommandLine{"--shard", "0/2"}, CommandLine{"--media", "none"}}) {
    others.emplace_back(command(out_, more));
  }
  for (Process& other : others) {
    const Ending second = other.wait();
    EXPECT_EQ(second.exit_code, 2);
    EXPECT_THAT(second.err,
                AllOf(HasSubstr("orrery: error: " + out_.string() + ": in use by a run of the whole manifest"),
                      HasSubstr("(host "), HasSubstr(", process "), HasSubstr(", since 20")));
  }
  EXPECT_FALSE(fs::exists(out_ / "latents/b.h5"));
}

TEST_F(Sharded, AnotherShardIsWelcome) {
  const auto holder = start_holder({"--shard", "0/2"});
  const Ending second = run_program(command(out_, {"--shard", "1/2"}));
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(done_in("results-1-of-2.jsonl"), ElementsAre("b"));
  EXPECT_FALSE(holder->has_ended());
}

TEST_F(Sharded, AKilledRunKeepsNobodyOut) {
  const auto holder = start_holder({});
  holder->signal(SIGKILL);
  holder->wait();
  folder_.write("clips.jsonl", random_line("b"));
  const Ending next = run_program(command(out_));
  EXPECT_EQ(next.exit_code, 0) << next.err;
  EXPECT_FALSE(fs::exists(out_ / ".run.holder"));
}

}  // namespace
}  // namespace orrery
