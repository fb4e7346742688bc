#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "app/cli/command_lines.h"
#include "app/cli/options.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::StartsWith;

class OptionFiles : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) const { return folder_.write(name, text); }
  TemporaryFolder folder_;
};

TEST_F(OptionFiles, CommandLineWinsOverTheJobFile) {
  const std::string job = file("a.ini", "cfg = 2\nsteps = 8  # few\nforce = true\nnegative-prompt =\nsound = true\n");
  const Options o = parse_options(run_with({"--job", job, "--steps", "9", "--sound=false"}));
  EXPECT_EQ(o.grid.cfg, 2);
  EXPECT_EQ(o.defaults.asked_steps, 9);
  EXPECT_TRUE(o.output.force);
  EXPECT_EQ(o.defaults.negative_prompt, "");
  EXPECT_FALSE(o.defaults.sound);
}

TEST_F(OptionFiles, NamesTheJobFilesLine) {
  struct Row {
    const char *text, *expected;
  };
  for (const Row& row :
       std::initializer_list<Row>{{"\nhieght = 720\n", ":2: hieght: no such option (did you mean height?)"},
                                  {"steps = many\n", ":1: steps: \"many\" is not an integer"},
                                  {"# x\nheight = 721\n", ":2: height: 721 is not a multiple of 16"},
                                  {"cfg = 3", ":1: cfg: 3 is outside 1 to 2"},
                                  {"job = b.ini", ":1: job: belongs on the command line"},
                                  {"dump-config = true", ":1: dump-config: belongs on the command line"},
                                  {"out =", ":1: out: the path is empty"},
                                  {"quiet = true\nverbose = true", ":2: verbose: excludes --quiet"}}) {
    const std::string job = file("a.ini", row.text);
    EXPECT_THAT(refusal(run_with({"--job", job})), StartsWith(job + row.expected)) << row.text;
  }
}

TEST_F(OptionFiles, DumpedConfigurationReadsBack) {
  for (const Words& words :
       {run_with({}), run_with({"--negative-prompt", " a # b\n\"c\"", "--semantics=seed", "--fps", "0.1", "--quiet"}),
        run_with({"--snapshot-every", "3", "--stop-after-steps", "9", "--time-limit", "00:09:00"}),
        run_with({"--schedule=karras", "--negative-prompt-file", "/a b/c#.txt", "--append-metadata=false", "--force",
                  "--aspect-ratio", "4,3", "--shard=2/8", "--media=none", "--dtype=float32"})}) {
    ASSERT_EQ(refusal(words), "");
    const std::string dumped = dump_config(parse_options(words));
    EXPECT_EQ(dump_config(parse_options({"run", "--job", file("d.ini", dumped)})), dumped);
  }
}

}  // namespace
}  // namespace orrery
