// Output that cannot be written, limits of the shell, and file names with a meaning to other programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/core/file.h"
#include "orrery_program.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Runs `words` in a shell after the commands `before`, with `redirection` at the end.
Ending by_shell(const std::string& before, const CommandLine& words, const std::string& redirection = "") {
  CommandLine command{"sh", "-c", before + " exec \"$@\" " + redirection, "sh"};
  command.insert(command.end(), words.begin(), words.end());
  return run_program(command);
}

class Streams : public testing::Test {
 protected:
  CommandLine run(const std::string& out, const CommandLine& more = {}) const {
    return run_command("random:tiny", manifest_, folder_ / out, more);
  }
  TemporaryFolder folder_;
  fs::path manifest_ = folder_.write("m.jsonl", random_line("a"));
};

TEST_F(Streams, WhatCannotBePrintedIsNoSuccess) {
  const CommandLine input{"--checkpoint", "random:tiny", "--manifest", manifest_.string()};
  for (CommandLine words : {CommandLine{"--version"}, {"run", "--dump-config"}, {"validate"}, {"tokens"}}) {
    if (words.size() == 1 && words[0] != "--version") words.insert(words.end(), input.begin(), input.end());
    const Ending full = by_shell("", orrery(words), ">/dev/full");
    EXPECT_EQ(full.exit_code, 3) << words[0];
    EXPECT_EQ(full.err, "orrery: error: standard output: cannot be written: No space left on device\n") << words[0];
  }
  EXPECT_EQ(by_shell("", orrery({"help"}), ">&-").exit_code, 3);
}

// The clips are made and recorded before printing their table fails.
TEST_F(Streams, ARunIsRecordedBeforeItsTable) {
  EXPECT_EQ(by_shell("", run("out", {"--media", "none"}), ">/dev/full").exit_code, 3);
  EXPECT_EQ(json_lines(folder_ / "out" / "results.jsonl").back().at("status"), "done");
}

TEST_F(Streams, TheFileSizeLimitFailsClipsWithARecord) {
  write_file(manifest_, random_line("a", {{"width", 256}, {"height", 256}}));
  const Ending ending = by_shell("ulimit -f 16;", run("out"));  // 8 KiB
  EXPECT_EQ(ending.exit_code, 1) << ending.err;
  EXPECT_THAT(json_lines(folder_ / "out" / "results.jsonl").back().at("error").get<std::string>(),
              HasSubstr("File too large"));
}

TEST_F(Streams, ASmallStackIsEnough) {
  EXPECT_EQ(by_shell("ulimit -s 256;", run("out")).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "out" / "media" / "a.mp4"));
}

TEST_F(Streams, NamesArePlainNames) {
  for (const std::string name : {"2026-11-29T14:30:00", "%03d", "mod\xE8le"}) {
    const Ending ending = by_shell("", run(name, {"--preview", "--keep-frames"}));
    EXPECT_EQ(ending.exit_code, 0) << ending.err;
    EXPECT_TRUE(fs::exists(folder_ / name / "media" / "a.mp4")) << name;
    EXPECT_EQ(json_lines(folder_ / name / "results.jsonl").back().at("status"), "done");
    EXPECT_THAT(ending.err, Not(HasSubstr("\xE8")));
  }
}

TEST_F(Streams, JobFilesMayBeginWithAMark) {
  const fs::path job = folder_.write("j.ini", "\xEF\xBB\xBFsteps = 4\n");
  const Ending ending = run_program(orrery({"run", "--job", job.string(), "--dump-config"}));
  EXPECT_EQ(ending.exit_code, 0) << ending.err;
  EXPECT_THAT(ending.out, HasSubstr("\nsteps = 4\n"));
}

}  // namespace
}  // namespace orrery
