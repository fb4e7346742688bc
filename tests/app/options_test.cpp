#include "app/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "app/stop_limits.h"
#include "core/error.h"
#include "core/file.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Words = std::vector<std::string>;

Words run_with(const Words& more) {
  Words words{"run", "--checkpoint", "c", "--manifest", "m", "--out", "o"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Words encode_with(const Words& more) {
  Words words{"encode", "--checkpoint", "c", "--out", "o.h5", "--height", "192", "--width", "320"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Words decode_with(const Words& more) {
  Words words{"decode", "--checkpoint", "c", "--out", "o"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// What is said about a refused command line; "" when it is accepted.
std::string refusal(const Words& words) {
  try {
    parse_options(words);
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

class OptionFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "orrery-app-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string file(const std::string& name, const std::string& text) const {
    write_file(folder_ / name, text);
    return (folder_ / name).string();
  }
  fs::path folder_;
};

TEST(Options, DefaultsAreTheStructs) {
  const Options o = parse_options(run_with({}));
  Options expected;
  expected.command = Command::Run;
  expected.checkpoint = "c";
  expected.manifest = "m";
  expected.out = "o";
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
                                            "0",
                                            "--on-error",
                                            "stop",
                                            "--shard",
                                            "7/8",
                                            "--text-tower=release",
                                            "--force",
                                            "--verbose",
                                            "--fps",
                                            "29.97",
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
  EXPECT_EQ(o.dtype, Dtype::BFloat16);
  EXPECT_EQ(o.schedule, ScheduleChoice::DoubleShift);
  EXPECT_EQ(o.media, Media::None);
  EXPECT_EQ(o.on_error, OnError::Stop);
  EXPECT_EQ(o.shard, (ManifestShard{7, 8}));
  EXPECT_EQ(o.text_tower, TextTower::Release);
  EXPECT_TRUE(o.force);
  EXPECT_EQ(o.log_level(), LogLevel::Verbose);
  EXPECT_EQ(o.defaults.fps, 29.97);
  EXPECT_EQ(o.defaults.seed, 4294967295U);
  EXPECT_FALSE(o.defaults.append_metadata);
  EXPECT_EQ(o.defaults.negative_prompt, "");
  EXPECT_EQ(o.defaults.aspect_ratio, "16,9");
  EXPECT_EQ(parse_options({"run", "--checkpoint=c", "--manifest=m", "--out=a b=c", "--force", "--sound", "true"}).out,
            "a b=c");
}

TEST(Options, ScheduleStandsAgainstSemantics) {
  EXPECT_EQ(parse_options(run_with({"--semantics", "seed", "--schedule", "native"})).schedule, ScheduleChoice::Native);
  EXPECT_EQ(parse_options(run_with({"--schedule", "karras"})).schedule, ScheduleChoice::Karras);
}

TEST(Options, ReadsWhenToStop) {
  const Options o =
      parse_options(run_with({"--snapshot-every", "0", "--stop-after-steps=70", "--time-limit", "120:05:09"}));
  EXPECT_EQ(o.snapshot_every, 0);
  EXPECT_EQ(o.stop_after_steps, 70);
  EXPECT_EQ(o.time_limit, std::chrono::seconds(120 * 3600 + 5 * 60 + 9));
  EXPECT_THAT(dump_config(o), AllOf(HasSubstr("time-limit = 120:05:09"), HasSubstr("stop-after-steps = 70")));
  EXPECT_EQ(parse_options(run_with({})).time_limit, std::nullopt);
}

// Of --time-limit and the Slurm job's end the earlier counts; what cannot be read as a time is no limit.
TEST(StopLimits, TakeTheEarlierEnd) {
  struct Row {
    const char* slurm;  // seconds from now, or a text as it is
    Words more;
    std::optional<int> expected;  // seconds from now
  };
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
    const auto moment = stop_limits(parse_options(run_with(row.more))).moment;
    ::unsetenv("SLURM_JOB_END_TIME");
    ASSERT_EQ(moment.has_value(), row.expected.has_value()) << row.slurm;
    if (!moment) continue;
    EXPECT_NEAR(std::chrono::duration<double>(*moment - now).count(), *row.expected, 2) << row.slurm;
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

TEST(Options, EncodeTakesOneFileAndASize) {
  const Options o = parse_options(encode_with({"street.png", "--device=cpu", "--dtype", "float32"}));
  EXPECT_EQ(o.command, Command::Encode);
  EXPECT_THAT(o.files, ElementsAre("street.png"));
  EXPECT_EQ(o.out, "o.h5");
  EXPECT_EQ(o.defaults.height, 192);
  EXPECT_EQ(o.defaults.width, 320);
  EXPECT_EQ(o.encode_frames, std::nullopt);
  EXPECT_EQ(o.dtype, Dtype::Float32);
  EXPECT_EQ(parse_options(encode_with({"--num-frames", "17", "a b.mp4"})).encode_frames, 17);
}

TEST(Options, DecodeTakesFilesAmongOptions) {
  const Options o = parse_options(decode_with({"a.h5", "--keep-frames", "b.h5", "--media", "none", "c/a b.h5"}));
  EXPECT_EQ(o.command, Command::Decode);
  EXPECT_THAT(o.files, ElementsAre("a.h5", "b.h5", "c/a b.h5"));
  EXPECT_TRUE(o.keep_frames);
  EXPECT_EQ(o.media, Media::None);
  EXPECT_FALSE(parse_options(decode_with({"--keep-frames", "false", "a.h5"})).keep_frames);
  EXPECT_TRUE(parse_options(run_with({"--keep-frames"})).keep_frames);
}

TEST(Options, RefusesBadUsageOfEncodeAndDecode) {
  struct Row {
    Words words;
    const char* expected;
  };
  for (const Row& row : std::initializer_list<Row>{
           {encode_with({}), "an image or a video is missing: orrery encode needs it (orrery encode --help)"},
           {encode_with({"a.png", "b.png"}), "b.png: one file too many: orrery encode takes an image or a video"},
           {encode_with({"a.png", "--num-frames", "18"}), "--num-frames: 18 is not a multiple of 4, plus 1"},
           {encode_with({"a.png", "--num-frames", "x"}), "--num-frames: \"x\" is not an integer"},
           {encode_with({"a.png", "--manifest", "m"}),
            "--manifest is not an option of orrery encode: orrery help encode lists them"},
           {encode_with({"a.png", "--steps=8"}), "--steps is not an option of orrery encode"},
           {encode_with({"a.png", "--crf", "18"}), "--crf is not an option of orrery encode"},
           {encode_with({"a.png", "--hieght", "192"}), "--hieght: no such option (did you mean --height?)"},
           {{"encode"}, "--checkpoint DIR is missing: orrery encode needs it (orrery encode --help)"},
           {{"encode", "--checkpoint", "c", "--out", "o.h5", "--width=320", "a.png"}, "--height PIXELS is missing"},
           {{"encode", "--checkpoint", "c", "--out", "o.h5", "--height=192", "a.png"}, "--width PIXELS is missing"},
           {{"encode", "--checkpoint", "c", "--height=192", "--width=320", "a.png"}, "--out FILE.h5 is missing"},
           {{"encode", "--checkpoint", "c", "--out=o", "--height=192", "--width=320", "a.png"},
            "--out: o does not end in .h5"},
           {{"encode", "--checkpoint", "c", "--out=o.h5", "--height=190", "--width=320", "a.png"},
            "--height: 190 is not a multiple of 16 (nearest: 192)"},
           {decode_with({}), "one latent file (.h5) or more is missing: orrery decode needs it"},
           {decode_with({"--manifest", "m", "a.h5"}), "--manifest is not an option of orrery decode"},
           {decode_with({"a.h5", "--tp=2"}), "--tp is not an option of orrery decode"},
           {decode_with({"a.h5", "--height", "192"}), "--height is not an option of orrery decode"},
           {decode_with({"a.h5", "--job", "x.ini"}), "--job is not an option of orrery decode"},
           {decode_with({"a.h5", "--crf", "--keep-frames"}), "--crf: its value is missing"},
           {decode_with({"a.h5", "-f"}),
            "\"-f\" is not an option: orrery help decode lists them (a file of that name is ./-f)"},
           {decode_with({"a.h5", "--media", "none"}), "--media: none leaves nothing to make"},
           {decode_with({"a.h5", "b/a.h5"}), "b/a.h5: has the name of a.h5"},
           {{"decode", "--checkpoint", "c", "a.h5"}, "--out DIR is missing"},
           {run_with({"--keep-frames", "x"}), "--keep-frames: \"x\" is not one of true, false"}}) {
    EXPECT_THAT(refusal(row.words), AllOf(StartsWith(row.expected), Not(HasSubstr("\n"))));
  }
}

TEST(Options, BenchTakesAModelOrACheckpoint) {
  const Options o = parse_options({"bench", "--model", "nano"});
  EXPECT_EQ(o.model, ModelName::Nano);
  EXPECT_EQ(o.bench.width, 1280);
  EXPECT_EQ(o.bench.height, 720);
  EXPECT_EQ(o.bench.frames, 189);
  EXPECT_FALSE(o.bench.wants(BenchPart::Load));
  EXPECT_TRUE(o.bench.wants(BenchPart::Step));
  EXPECT_FALSE(o.json);
  const Options more =
      parse_options({"bench", "--checkpoint=c", "--what=load,step", "--cfg", "2", "--tp=4", "--json", "--frames", "93",
                     "--repeats=5", "--kernels=9", "--device=cpu", "--dtype=bfloat16"});
  EXPECT_EQ(more.checkpoint, "c");
  EXPECT_THAT(more.bench.parts, ElementsAre(BenchPart::Step, BenchPart::Load));
  EXPECT_EQ(more.grid.tp, 4);
  EXPECT_EQ(more.bench.frames, 93);
  EXPECT_EQ(more.bench.repeats, 5);
  EXPECT_EQ(more.bench.kernels, 9);
  EXPECT_TRUE(more.json);
}

TEST(Options, BenchSizes) {
  struct Row {
    const char* text;
    std::int64_t width, height;
  };
  for (const Row& row :
       {Row{"720p", 1280, 720}, Row{"480p", 832, 480}, Row{"256p", 320, 192}, Row{"64x128", 64, 128}}) {
    const Options o = parse_options({"bench", "--model", "tiny", "--size", row.text});
    EXPECT_EQ(o.bench.width, row.width) << row.text;
    EXPECT_EQ(o.bench.height, row.height) << row.text;
  }
}

TEST(Options, RefusesBadUsageOfBench) {
  struct Row {
    Words words;
    const char* expected;
  };
  const char* needs_a_model = "--model NAME or --checkpoint DIR says what to measure: give one of them";
  for (const Row& row : std::initializer_list<Row>{
           {{"bench"}, needs_a_model},
           {{"bench", "--model", "nano", "--checkpoint", "c"}, needs_a_model},
           {{"bench", "--model", "giant"}, "--model: \"giant\" is not one of tiny, nano, super"},
           {{"bench", "--model=tiny", "--what=step,speed"}, "--what: \"speed\" is not one of step, vae, sound"},
           {{"bench", "--model=tiny", "--what=step,"}, "--what: \"\" is not one of step"},
           {{"bench", "--model=tiny", "--size=1080p"}, "--size: \"1080p\" is not a size: expected 720p, 480p, 256p or"},
           {{"bench", "--model=tiny", "--size=64xx64"}, "--size: \"64xx64\" is not a size"},
           {{"bench", "--model=tiny", "--size=64x60"}, "--size: height: 60 is not a multiple of 16"},
           {{"bench", "--model=tiny", "--frames=8"}, "--frames: 8 is not a multiple of 4, plus 1"},
           {{"bench", "--model=tiny", "--repeats=-1"}, "--repeats: -1 is outside 0 to 1000"},
           {{"bench", "--model=tiny", "--kernels=x"}, "--kernels: \"x\" is not an integer"},
           {{"bench", "--model=tiny", "--manifest=m"}, "--manifest is not an option of orrery bench"},
           {run_with({"--repeats=3"}), "--repeats is not an option of orrery run"}}) {
    EXPECT_THAT(refusal(row.words), AllOf(StartsWith(row.expected), Not(HasSubstr("\n"))));
  }
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
           {run_with({"--steps", "8.5"}), "--steps: \"8.5\" is not an integer"},
           {run_with({"--steps", "0"}), "--steps: 0 is outside 1 to 1000"},
           {run_with({"--steps", "-3"}), "--steps: -3 is outside 1 to 1000"},
           {run_with({"--fps", "fast"}), "--fps: \"fast\" is not a number"},
           {run_with({"--fps", "nan"}), "--fps: nan is outside"},
           {run_with({"--height", "721"}), "--height: 721 is not a multiple of 16 (nearest: 720)"},
           {run_with({"--guidance-scale", "inf"}), "--guidance-scale: inf is not a finite number"},
           {run_with({"--seed", "4294967296"}), "--seed: 4294967296 is outside 0 to 4294967295"},
           {run_with({"--crf", "52"}), "--crf: 52 is outside 0 to 51"},
           {run_with({"--snapshot-every", "-1"}), "--snapshot-every: -1 is outside 0 to 1000"},
           {run_with({"--stop-after-steps", "0"}), "--stop-after-steps: 0 is outside 1 to 1000000000"},
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

TEST_F(OptionFiles, CommandLineWinsOverTheJobFile) {
  const std::string job = file("a.ini", "cfg = 2\nsteps = 8  # few\nforce = true\nnegative-prompt =\nsound = true\n");
  const Options o = parse_options(run_with({"--job", job, "--steps", "9", "--sound=false"}));
  EXPECT_EQ(o.grid.cfg, 2);
  EXPECT_EQ(o.defaults.steps, 9);
  EXPECT_TRUE(o.force);
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
