#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

#include "app/cli/command_lines.h"
#include "app/cli/options.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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

TEST(Options, EncodeTakesOneFileAndASize) {
  const Options o = parse_options(encode_with({"street.png", "--device=cpu", "--dtype", "float32"}));
  EXPECT_EQ(o.command, Command::Encode);
  EXPECT_THAT(o.files, ElementsAre("street.png"));
  EXPECT_EQ(o.output.folder, "o.h5");
  EXPECT_EQ(o.defaults.height, 192);
  EXPECT_EQ(o.defaults.width, 320);
  EXPECT_EQ(o.encode_frames, std::nullopt);
  EXPECT_EQ(o.model.dtype, Dtype::Float32);
  EXPECT_EQ(parse_options(encode_with({"--num-frames", "17", "a b.mp4"})).encode_frames, 17);
}

TEST(Options, DecodeTakesFilesAmongOptions) {
  const Options o = parse_options(decode_with({"a.h5", "--keep-frames", "b.h5", "--media", "none", "c/a b.h5"}));
  EXPECT_EQ(o.command, Command::Decode);
  EXPECT_THAT(o.files, ElementsAre("a.h5", "b.h5", "c/a b.h5"));
  EXPECT_TRUE(o.output.media.keep_frames);
  EXPECT_EQ(o.output.media.video, Media::None);
  EXPECT_FALSE(parse_options(decode_with({"--keep-frames", "false", "a.h5"})).output.media.keep_frames);
  EXPECT_TRUE(parse_options(run_with({"--keep-frames"})).output.media.keep_frames);
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
  EXPECT_EQ(o.random_model, ModelName::Nano);
  EXPECT_EQ(o.bench.clip.width, 1280);
  EXPECT_EQ(o.bench.clip.height, 720);
  EXPECT_EQ(o.bench.clip.num_frames, 189);
  EXPECT_FALSE(o.bench.wants(BenchPart::Load));
  EXPECT_TRUE(o.bench.wants(BenchPart::Step));
  EXPECT_FALSE(o.json);
  const Options more =
      parse_options({"bench", "--checkpoint=c", "--what=load,step", "--cfg", "2", "--tp=4", "--json", "--frames", "93",
                     "--repeats=5", "--kernels=9", "--device=cpu", "--dtype=bfloat16"});
  EXPECT_EQ(more.model.checkpoint, "c");
  EXPECT_THAT(more.bench.parts, ElementsAre(BenchPart::Step, BenchPart::Load));
  EXPECT_EQ(more.grid.tp, 4);
  EXPECT_EQ(more.bench.clip.num_frames, 93);
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
    EXPECT_EQ(o.bench.clip.width, row.width) << row.text;
    EXPECT_EQ(o.bench.clip.height, row.height) << row.text;
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

}  // namespace
}  // namespace orrery
