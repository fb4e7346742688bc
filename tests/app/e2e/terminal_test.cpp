// The program's output on a terminal and in a log file, --dump-config, and help.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <regex>
#include <sstream>

#include "base/core/file.h"
#include "orrery_program.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Said : public testing::Test {
 protected:
  Said() : manifest_(folder_.write("clips.jsonl", random_line("a") + random_line("b", {{"image", "lost.png"}}))) {}

  CommandLine run(const CommandLine& more) const {
    return run_command("random:tiny", manifest_, folder_ / "out", more);
  }

  TemporaryFolder folder_;
  std::filesystem::path manifest_;
};

// Lines that begin with a date and a time.
void expect_plain(const std::string& text) {
  const std::regex dated(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*)");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(std::regex_match(line, dated)) << line;
  for (const char c : text) EXPECT_TRUE(c == '\n' || std::iscntrl(static_cast<unsigned char>(c)) == 0) << int{c};
}

std::string joined(const CommandLine& command) {
  std::string line;
  for (const std::string& word : command) line.append(line.empty() ? "" : " ").append(word);
  return line;
}

TEST_F(Said, OnATerminalTwoLinesAndInTheLogFilePlainOnes) {
  const std::filesystem::path log = folder_ / "run.log";
  const std::string command = joined(run({"--log-file", log.string()}));
  const Ending ending = run_program({"script", "--quiet", "--return", "--command", command, "/dev/null"});
  EXPECT_EQ(ending.exit_code, 1) << ending.out;
  EXPECT_THAT(ending.out,
              AllOf(HasSubstr("\x1b[2A"), HasSubstr("[1/2] a "), HasSubstr("] step 1/2, "), HasSubstr("0 of 2 done"),
                    HasSubstr("lost.png: no such file"), HasSubstr("a done in ")));
  const std::string text = read_file(log);
  expect_plain(text);
  EXPECT_THAT(text,
              AllOf(HasSubstr("2 clips to make"), HasSubstr("[1/2] a: step 1/2, "), HasSubstr("step 2/2, "),
                    HasSubstr(" a done in "), HasSubstr("warning: b failed: "), HasSubstr("1 of 2 done, 1 failed")));
}

TEST_F(Said, PlainLinesWhereThereIsNoTerminal) {
  const std::filesystem::path log = folder_ / "run.log";
  const Ending ending = run_program(on_ranks(2, run({"--cfg", "2", "--log-file", log.string()})));
  EXPECT_EQ(ending.exit_code, 1) << ending.err;
  const std::string text = read_file(log);
  expect_plain(text);
  EXPECT_THAT(ending.err, HasSubstr(text)) << "rank 0 alone speaks, and mpirun after it";
}

TEST_F(Said, QuietIsWarningsOnly) {
  const std::filesystem::path log = folder_ / "run.log";
  const Ending ending = run_program(run({"--quiet", "--log-file", log.string()}));
  EXPECT_EQ(ending.out, "");
  expect_plain(ending.err);
  EXPECT_THAT(ending.err, AllOf(HasSubstr("warning: b failed: "), Not(HasSubstr("step"))));
  EXPECT_THAT(read_file(log), HasSubstr("step 2/2"));
}

TEST_F(Said, ALogFileThatCannotBeWrittenEndsTheRun) {
  const Ending ending = run_program(run({"--log-file", (manifest_ / "run.log").string()}));
  EXPECT_EQ(ending.exit_code, 2);
  EXPECT_THAT(ending.err, HasSubstr("clips.jsonl/run.log: cannot be written"));
}

// The output of --dump-config is the same when it is read back, and is recorded by a run with it.
TEST_F(Said, DumpedOptionsRunTheSame) {
  const Ending first =
      run_program(run({"--steps", "7", "--negative-prompt", "a # b", "--media", "none", "--dump-config"}));
  const std::string job = folder_.write("job.ini", first.out).string();
  EXPECT_EQ(run_program(orrery({"run", "--job", job, "--dump-config"})).out, first.out);
  EXPECT_EQ(run_program(orrery({"run", "--job", job})).exit_code, 1);
  EXPECT_EQ(Json::parse(read_file(folder_ / "out/run.json")).at("config"), first.out);
}

// --- Help

struct HelpCase {
  std::string name;
  CommandLine arguments;
  std::vector<std::string> words;
};

class Help : public testing::TestWithParam<HelpCase> {};

TEST_P(Help, GoesToStandardOutput) {
  const Ending ending = run_program(orrery(GetParam().arguments));
  EXPECT_EQ(ending.exit_code, 0);
  EXPECT_EQ(ending.err, "");
  for (const std::string& word : GetParam().words) EXPECT_THAT(ending.out, HasSubstr(word));
}

INSTANTIATE_TEST_SUITE_P(
    Words, Help,
    testing::Values(HelpCase{"Overview", {"--help"}, {"\n  run ", "\n  validate ", "Exit codes: 0 done"}},
                    HelpCase{
                        "Run",
                        {"run", "--help"},
                        {"NAME\n  orrery run - ", "--checkpoint DIR", "--tp N", "--force", "mpirun -n 8 orrery run"}},
                    HelpCase{"Validate", {"validate", "--help"}, {"SYNOPSIS\n  orrery validate"}},
                    HelpCase{"Tokens", {"help", "tokens"}, {"SYNOPSIS\n  orrery tokens"}},
                    HelpCase{"Version", {"--version"}, {"orrery ", "LibTorch ", "MPI ", "HDF5 ", "FFmpeg "}}),
    [](const testing::TestParamInfo<HelpCase>& row) { return row.param.name; });

}  // namespace
}  // namespace orrery
