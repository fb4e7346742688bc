#include "app/cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>

#include "app/cli/command_lines.h"
#include "app/cli/slurm.h"
#include "base/core/error.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

TEST(Options, DefaultsAreTheStructs) {
  const Options o = parse_options(run_with({}));
  Options expected;
  expected.command = Command::Run;
  expected.model.checkpoint = "c";
  expected.manifest = "m";
  expected.output.folder = "o";
  EXPECT_EQ(dump_config(o), dump_config(expected));
  EXPECT_EQ(o.log_level(), LogLevel::Normal);
}

TEST(Options, ReadsEveryKindOfValue) {
  const Options o = parse_options(run_with({"--cfg=2",
                                            "--tp",
                                            "4",
                                            "--device",
                                            "cpu",
                                            "--dtype=bfloat16",
                                            "--semantics",
                                            "seed",
                                            "--media",
                                            "none",
                                            "--crf",
                                            "1",
                                            "--on-error",
                                            "stop",
                                            "--shard",
                                            "7/8",
                                            "--text-tower=release",
                                            "--force",
                                            "--verbose",
                                            "--fps",
                                            "29.97",
                                            "--step-cache",
                                            "0.25",
                                            "--step-cache-skips",
                                            "0",
                                            "--step-cache-order",
                                            "1",
                                            "--guidance-interval",
                                            "400,900.5",
                                            "--normalize-cfg",
                                            "--gemm=fp8",
                                            "--full-precision-steps",
                                            "4,2",
                                            "--seed",
                                            "4294967295",
                                            "--append-metadata=false",
                                            "--negative-prompt",
                                            "",
                                            "--aspect-ratio",
                                            "16,9",
                                            "--num-frames",
                                            "17"}));
  EXPECT_EQ(o.grid.cfg, 2);
  EXPECT_EQ(o.grid.tp, 4);
  EXPECT_EQ(o.device, DeviceKind::Cpu);
  EXPECT_EQ(o.model.dtype, Dtype::BFloat16);
  EXPECT_EQ(o.model.schedule, ScheduleChoice::DoubleShift);
  EXPECT_EQ(o.output.media.video, Media::None);
  EXPECT_EQ(o.on_error, OnError::Stop);
  EXPECT_EQ(o.shard, (ManifestShard{7, 8}));
  EXPECT_EQ(o.model.text_tower, TextTower::Release);
  EXPECT_TRUE(o.output.force);
  EXPECT_EQ(o.log_level(), LogLevel::Verbose);
  EXPECT_EQ(o.defaults.fps, 29.97);
  EXPECT_EQ(o.defaults.seed, 4294967295U);
  EXPECT_FALSE(o.defaults.append_metadata);
  EXPECT_EQ(o.defaults.negative_prompt, "");
  EXPECT_EQ(o.defaults.aspect_ratio, "16,9");
  EXPECT_EQ(o.defaults.step_cache, (StepCacheSettings{0.25, 0, 1}));
  EXPECT_EQ(o.defaults.guidance_interval, (GuidanceInterval{400, 900.5}));
  EXPECT_TRUE(o.defaults.normalize_cfg);
  EXPECT_EQ(o.model.full_precision_steps, (FullPrecisionSteps{4, 2}));
  EXPECT_EQ(parse_options({"run", "--checkpoint=c", "--manifest=m", "--out=a b=c", "--force", "--sound", "true"})
                .output.folder,
            "a b=c");
}

TEST(Options, ScheduleStandsAgainstSemantics) {
  EXPECT_EQ(parse_options(run_with({"--semantics", "seed", "--schedule", "native"})).model.schedule,
            ScheduleChoice::Native);
  EXPECT_EQ(parse_options(run_with({"--schedule", "karras"})).model.schedule, ScheduleChoice::Karras);
}

TEST(Options, ReadsWhenToStop) {
  const Options o =
      parse_options(run_with({"--snapshot-every", "0", "--stop-after-steps=70", "--time-limit", "120:05:09"}));
  EXPECT_EQ(o.output.snapshot_every, 0);
  EXPECT_EQ(o.stop_after_steps, 70);
  EXPECT_EQ(o.time_limit, std::chrono::seconds(120 * 3600 + 5 * 60 + 9));
  EXPECT_THAT(dump_config(o), AllOf(HasSubstr("time-limit = 120:05:09"), HasSubstr("stop-after-steps = 70")));
  EXPECT_EQ(parse_options(run_with({})).time_limit, std::nullopt);
  EXPECT_EQ(parse_options(run_with({})).rank_timeout, std::nullopt);
  for (const int seconds : {0, 5, 900}) {
    EXPECT_EQ(parse_options(run_with({"--rank-timeout", std::to_string(seconds)})).rank_timeout, seconds);
  }
}

// The earlier of --time-limit and the Slurm job's end applies; a text that is no time sets no limit.
TEST(StopLimits, TakeTheEarlierEnd) {
  struct Row {
    const char* slurm;  // "+SECONDS" from now, or the text itself
    Words more;
    std::optional<int> expected;  // seconds from now
  };
  const auto seconds_of = [](auto time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); };
  const auto now = std::chrono::system_clock::now();
  const auto epoch = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  for (const Row& row : std::initializer_list<Row>{{"", {}, {}},
                                                   {"UNLIMITED", {}, {}},
                                                   {"0", {}, {}},
                                                   {"999999999999999", {}, {}},
                                                   {"", {"--time-limit", "00:10:00"}, 600},
                                                   {"+900", {}, 900},
                                                   {"+900", {"--time-limit", "00:10:00"}, 600},
                                                   {"+300", {"--time-limit", "00:10:00"}, 300}}) {
    std::string text = row.slurm;
    if (text.starts_with('+')) text = std::to_string(epoch + std::stol(text));
    ::setenv("SLURM_JOB_END_TIME", text.c_str(), 1);
    const double before = seconds_of(std::chrono::system_clock::now());
    const auto moment = stop_limits(parse_options(run_with(row.more))).moment;
    const double after = seconds_of(std::chrono::system_clock::now());
    ::unsetenv("SLURM_JOB_END_TIME");
    ASSERT_EQ(moment.has_value(), row.expected.has_value()) << row.slurm;
    if (!moment) continue;
    // Slurm's time is in whole seconds: `now` rounded down, plus the offset.
    EXPECT_GE(seconds_of(*moment), std::min(static_cast<double>(epoch), before) + *row.expected - 1e-3) << row.slurm;
    EXPECT_LE(seconds_of(*moment), after + *row.expected + 1e-3) << row.slurm;
  }
}

TEST(StopLimits, RefusesTheEndOfAJobThatIsOver) {
  const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'007'500));
  const auto limits = [&](const std::string& end) {
    return stop_limits(
        parse_options(run_with({})), [=](const char*) { return std::optional(end); }, now);
  };
  EXPECT_THAT(
      [&] { limits("1700000000"); },
      ThrowsMessage<InputError>(AllOf(HasSubstr("SLURM_JOB_END_TIME is 1700000000"), HasSubstr("2 h 05 min ago"),
                                      HasSubstr("2023-11-14T22:13:20Z"), HasSubstr("unset it"))));
  EXPECT_TRUE(limits("1700007501").moment.has_value());
}

TEST(Launch, NoticesTasksThatAreAlone) {
  struct Row {
    std::map<std::string, std::string> variables;
    int ranks;
    bool sharded, told;
  };
  for (const Row& row : {Row{{}, 1, false, false},
                         {{{"SLURM_STEP_NUM_TASKS", "4"}}, 1, false, true},
                         {{{"SLURM_STEP_NUM_TASKS", "4"}}, 4, false, false},
                         {{{"SLURM_STEP_NUM_TASKS", "4"}}, 1, true, false},
                         {{{"SLURM_STEP_NUM_TASKS", "1"}, {"SLURM_NTASKS", "8"}}, 1, false, false},
                         {{{"SLURM_NTASKS", "8"}}, 1, false, false},  // in a batch script, outside of srun
                         {{{"SLURM_STEP_NUM_TASKS", "2"}, {"OMPI_COMM_WORLD_SIZE", "1"}}, 1, false, false}}) {
    Options options;
    if (row.sharded) options.shard = ManifestShard{0, 4};
    const std::string problem = lone_task_problem(options, row.ranks, [&](const char* name) {
      const auto found = row.variables.find(name);
      return found == row.variables.end() ? std::nullopt : std::optional(found->second);
    });
    EXPECT_THAT(problem, row.told ? testing::Matcher<std::string>(AllOf(HasSubstr("4 tasks"), HasSubstr("--mpi=pmix")))
                                  : testing::Matcher<std::string>(""));
  }
}

TEST(Options, CommandsAndHelp) {
  EXPECT_TRUE(parse_options({"--help"}).help);
  EXPECT_TRUE(parse_options({"-h"}).help);
  EXPECT_EQ(parse_options({"--version"}).command, Command::Version);
  const Options help = parse_options({"validate", "--crf", "x", "--help"});
  EXPECT_TRUE(help.help);
  EXPECT_EQ(help.command, Command::Validate);
  EXPECT_EQ(refusal({"validate", "--checkpoint", "c", "--manifest", "m"}), "");
  EXPECT_EQ(refusal({"tokens", "--checkpoint", "c", "--manifest", "m"}), "");
  EXPECT_EQ(refusal({"run", "--dump-config"}), "");
}

TEST(Options, RefusesBadUsage) {
  struct Row {
    Words words;
    const char* expected;
  };
  for (const Row& row : std::initializer_list<Row>{
           {{}, "a command is missing"},
           {{"rum"}, "\"rum\" is not a command (did you mean run?)"},
           {{"--job"}, "\"--job\" is not a command"},
           {{"--version", "x"}, "--version takes no other options"},
           {{"run"}, "--checkpoint DIR is missing: orrery run needs it"},
           {{"run", "--checkpoint", "c"}, "--manifest FILE is missing"},
           {{"run", "--checkpoint", "c", "--manifest", "m"}, "--out DIR is missing"},
           {run_with({"--hight", "720"}), "--hight: no such option (did you mean --height?)"},
           {run_with({"--num_frames=17"}), "--num_frames: no such option (did you mean --num-frames?)"},
           {run_with({"--num", "17"}), "--num: no such option"},
           {run_with({"x"}), "\"x\" is not an option or the value of one: orrery help run lists them"},
           {run_with({"-q"}), "\"-q\" is not an option, which begin with two dashes: orrery help run lists them"},
           {run_with({"--sound", "x"}), "--sound: \"x\" is not one of true, false"},
           {run_with({"--negative-prompt-file", "--force"}), "--negative-prompt-file: its value is missing"},
           {run_with({"--steps"}), "--steps: its value is missing: --steps N"},
           {run_with({"--steps="}), "--steps: its value is missing"},
           {run_with({"--steps", "--force"}), "--steps: its value is missing: --steps N"},
           {run_with({"--steps", "8", "--steps", "9"}), "--steps: given more than once"},
           {run_with({"--guidance-interval", "400"}),
            "--guidance-interval: \"400\" is not LO,HI, two timesteps, for example 400,900"},
           {run_with({"--guidance-interval", "400,"}), "--guidance-interval: \"400,\" is not LO,HI"},
           {run_with({"--full-precision-steps", "3"}),
            "--full-precision-steps: \"3\" is not A,B, the first and the last steps, for example 3,3"},
           {run_with({"--full-precision-steps", "3,3"}),
            "--full-precision-steps: without --gemm fp8 or --attention fp8 all steps are in full precision"},
           {run_with({"--full-precision-steps", "3,-1"}), "--full-precision-steps: -1 is outside 0 to 1000"},
           {run_with({"--full-precision-steps", ",3"}), "--full-precision-steps: \"\" is not an integer"},
           {run_with({"--steps", "8.5"}), "--steps: \"8.5\" is not an integer"},
           {run_with({"--steps", "0"}), "--steps: 0 is outside 1 to 1000"},
           {run_with({"--steps", "-3"}), "--steps: -3 is outside 1 to 1000"},
           {run_with({"--fps", "fast"}), "--fps: \"fast\" is not a number"},
           {run_with({"--fps", "nan"}), "--fps: nan is outside"},
           {run_with({"--height", "721"}), "--height: 721 is not a multiple of 16 (nearest: 720)"},
           {run_with({"--guidance-scale", "inf"}), "--guidance-scale: inf is not a finite number"},
           {run_with({"--seed", "4294967296"}), "--seed: 4294967296 is outside 0 to 4294967295"},
           {run_with({"--crf", "52"}), "--crf: 52 is outside 1 to 51"},
           {run_with({"--crf", "0"}), "--crf: 0 is outside 1 to 51"},
           {run_with({"--snapshot-every", "-1"}), "--snapshot-every: -1 is outside 0 to 1000"},
           {run_with({"--stop-after-steps", "0"}), "--stop-after-steps: 0 is outside 1 to 1000000000"},
           {run_with({"--check-prompt", ""}), "--check-prompt: the command is empty"},
           {run_with({"--check-media", " \t"}), "--check-media: the command is empty"},
           {run_with({"--rank-timeout", "4"}), "--rank-timeout: 4 is outside 5 to 1000000"},
           {run_with({"--rank-timeout", "soon"}), "--rank-timeout: \"soon\" is not an integer"},
           {run_with({"--time-limit", "00:00:00"}), "--time-limit: no time is left"},
           {run_with({"--time-limit", "90"}), "--time-limit: \"90\" is not a time as HH:MM:SS, for example 00:30:00"},
           {run_with({"--time-limit", "1:30"}), "--time-limit: \"1:30\" is not a time"},
           {run_with({"--time-limit", "01:60:00"}), "--time-limit: \"01:60:00\" is not a time"},
           {run_with({"--time-limit", "01:00:-1"}), "--time-limit: \"01:00:-1\" is not a time"},
           {run_with({"--time-limit", "1:00:00:00"}), "--time-limit: \"1:00:00:00\" is not a time"},
           {run_with({"--cfg", "3"}), "--cfg: 3 is outside 1 to 2"},
           {run_with({"--tp", "0"}), "--tp: 0 is outside 1 to 1024"},
           {run_with({"--tp", "99999999999"}), "--tp: 99999999999 is outside"},
           {run_with({"--device", "gpu"}), "--device: \"gpu\" is not one of auto, cpu, cuda"},
           {run_with({"--shard", "8/8"}), "--shard: \"8/8\": shards are counted from 0, so I goes from 0 to 7"},
           {run_with({"--shard", "3"}), "--shard: \"3\" is not I/N"},
           {run_with({"--force=yes"}), "--force: \"yes\" is not one of true, false"},
           {run_with({"--quiet", "--verbose"}), "--verbose: excludes --quiet"},
           {run_with({"--negative-prompt", "x", "--negative-prompt-file", "f"}), "--negative-prompt-file: excludes"},
           {run_with({"--negative-prompt", "\xFF"}), "--negative-prompt is not valid UTF-8"},
           {run_with({"--job", "/no/such.ini"}), "--job: /no/such.ini: no such file"}}) {
    EXPECT_THAT(refusal(row.words), AllOf(StartsWith(row.expected), Not(HasSubstr("\n"))));
  }
}

}  // namespace
}  // namespace orrery
