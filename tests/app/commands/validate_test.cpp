#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "app/commands/commands.h"
#include "app/commands/run_plan.h"
#include "app/manifest/prompts.h"
#include "app/outputs/run_lock.h"
#include "app/plan/forecast.h"
#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/json.h"
#include "base/core/numbers.h"
#include "io/latents/latent_store.h"
#include "io/media/media_reader.h"
#include "models/zoo/checkpoint_files.h"
#include "support/background.h"
#include "support/process.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Requests with token ids, which need no tokenizer.
class ValidateFiles : public testing::Test {
 protected:
  void SetUp() override {
    options_.command = Command::Validate;
    options_.model.checkpoint = "random:tiny";
    options_.output.media.video = Media::None;
    options_.manifest = folder_ / "m.jsonl";
  }
  void manifest(const std::string& text) const { write_file(options_.manifest, text); }
  std::string refusal() const {
    try {
      validate(options_);
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  }
  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
  Options options_;
};

constexpr const char* kTwoLines =
    R"({"id": "a", "prompt_token_ids": [1, 99], "negative_token_ids": [5]}
{"id": "b", "prompt_token_ids": [1, 2, 3], "guidance_scale": 1, "num_frames": 17}
)";

TEST_F(ValidateFiles, SaysWhatItFound) {
  manifest(kTwoLines);
  options_.grid = {2, 2};
  options_.output.folder = folder_ / "not" / "yet";
  EXPECT_THAT(
      validate(options_),
      AllOf(HasSubstr("m.jsonl: 2 requests\n"), HasSubstr("width 1280, height 720, frames 17 to 189, steps 35"),
            HasSubstr("checkpoint  random:tiny: "), HasSubstr("cfg 2 x sp 1 x tp 2 = 4"), HasSubstr("2 to 3 tokens"),
            HasSubstr("not/yet"), HasSubstr("one clip of the largest request needs "), HasSubstr(" MB on a GPU, ")));
  EXPECT_FALSE(fs::exists(folder_ / "not"));
}

TEST_F(ValidateFiles, SaysWhatAVideoIs) {
  const fs::path video = folder_ / "a.mp4";
  ASSERT_EQ(run_program({"ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=24", "-frames:v", "7",
                         "-pix_fmt", "yuv420p", video.string()})
                .exit_code,
            0);
  manifest(R"({"id": "a", "prompt_token_ids": [1], "negative_token_ids": [5], "video": "a.mp4"}
{"id": "b", "prompt_token_ids": [1], "negative_token_ids": [5], "continues": "a.mp4"}
)");
  EXPECT_THAT(validate(options_), HasSubstr("video       " + video.string() + ": 96x64, 7 frames, 24 a second\n"));
}

TEST_F(ValidateFiles, RefusesVideosInTheWordsOfARun) {
  const fs::path video = folder_ / "a.mp4";
  manifest(R"({"id": "a", "prompt_token_ids": [1], "negative_token_ids": [5], "video": "a.mp4"}
{"id": "b", "prompt_token_ids": [1], "negative_token_ids": [5], "image": "a.mp4"}
)");
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"-x264-params", "tff=1", "-flags", "+ildct"}, {"-vf", "setsar=100"}}) {
    CommandLine line{"ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=24"};
    line.insert(line.end(), {"-frames:v", "7", "-c:v", "libx264", "-pix_fmt", "yuv420p"});
    line.insert(line.end(), options.begin(), options.end());
    line.push_back(video.string());
    ASSERT_EQ(run_program(line).exit_code, 0);
    std::string said;
    try {
      const VideoReader reader(video);
    } catch (const InputError& e) {
      said = e.what();
    }
    EXPECT_THAT(said, testing::StartsWith(video.string() + ": its "));
    EXPECT_THAT(refusal(), AllOf(HasSubstr("id \"a\": video: " + said), HasSubstr("id \"b\": image: " + said)));
  }
}

TEST_F(ValidateFiles, SaysOnceWhatAGuidanceIntervalLeavesIdle) {
  manifest(R"({"id": "a", "prompt_token_ids": [1], "negative_token_ids": [5], "guidance_interval": [500, 950]}
{"id": "b", "prompt_token_ids": [1], "negative_token_ids": [5]}
{"id": "c", "prompt_token_ids": [1], "guidance_scale": 1, "guidance_interval": [500, 950]}
)");
  EXPECT_THAT(validate(options_), Not(HasSubstr("idle")));
  options_.grid = {2, 1};
  EXPECT_THAT(validate(options_), HasSubstr("with --cfg 2 the second group of ranks is idle in "));
}

TEST_F(ValidateFiles, SaysWhichClipsHaveNoStepIn8Bits) {
  manifest(R"({"id": "a", "prompt_token_ids": [1], "negative_token_ids": [5], "steps": 7}
{"id": "b", "prompt_token_ids": [1], "negative_token_ids": [5], "steps": 4}
)");
  options_.output.folder = folder_ / "out";
  EXPECT_THAT(validate(options_), Not(HasSubstr("in 8 bits")));
  options_.model.products = RowFormat::Float8;
  EXPECT_THAT(validate(options_), HasSubstr("in 1 of 2 clips no step is in 8 bits, the first is \"b\" of 4 steps: with "
                                            "--full-precision-steps 3,3 all of their steps are in full precision"));
  options_.model.full_precision_steps = FullPrecisionSteps{};
  EXPECT_THAT(validate(options_), Not(HasSubstr("in 8 bits")));
}

// The memory equals plan's forecast for the ranks in the options.
TEST_F(ValidateFiles, TellsTheGpuMemoryOfTheLargestClip) {
  options_.model.checkpoint = "random:nano";
  const std::string small = R"({"id": "a", "prompt": "p", "num_frames": 17, "width": 832, "height": 480})";
  const std::string large = R"({"id": "b", "prompt": "p", "guidance_scale": 1})";
  const auto row = [&](const std::string& lines) {
    manifest(lines);
    const std::string table = validate(options_);
    const std::size_t begin = table.find("memory ");
    return begin == std::string::npos ? "" : table.substr(begin, table.find('\n', begin) - begin);
  };
  const auto largest = [&](bool released) {
    const CheckpointFiles checkpoint = open_checkpoint(options_.model.checkpoint);
    const Forecast plan =
        make_forecast(run_shape_of(options_), options_.plan, checkpoint, plan_jobs(options_, &checkpoint));
    return gigabytes(plan.topologies.front().memory.peak(released));
  };
  const std::string both = row(small + "\n" + large);
  EXPECT_EQ(both, "memory      one clip of the largest request needs " + largest(false) + " on a GPU, " +
                      largest(true) + " where the text tower is released");
  EXPECT_EQ(row(large), both);
  EXPECT_NE(row(small), both);
  options_.model.text_tower = TextTower::Keep;
  options_.grid.tp = 4;
  const std::string kept = row(large);
  EXPECT_EQ(kept, "memory      one clip of the largest request needs " + largest(false) + " on a GPU");
}

TEST_F(ValidateFiles, ReportsTheProblemsOfAllChecks) {
  manifest(
      "{\"id\": \"a\", \"prompt\": \"p\", \"image\": \"a.png\"}\n{\"id\": \"b\", \"prompt\": \"p\", \"height\": "
      "721}\n");
  options_.output.folder = options_.manifest / "x";
  options_.model.checkpoint = folder_ / "none";
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("m.jsonl:1: id \"a\": image: " + (folder_ / "a.png").string() + ": no such file"),
                    HasSubstr("m.jsonl:2: id \"b\": height: 721"), HasSubstr("/none: no such folder"),
                    HasSubstr("--out: "), Not(testing::EndsWith("\n"))));
}

TEST_F(ValidateFiles, RefusesSoundThatTheCheckpointLacks) {
  manifest(
      R"({"id": "a", "prompt_token_ids": [1], "guidance_scale": 1}
{"id": "b", "prompt_token_ids": [1], "guidance_scale": 1, "sound": true}
)");
  EXPECT_EQ(refusal(), "");
  options_.model.checkpoint = "random:edge";
  EXPECT_EQ(refusal(), options_.manifest.string() +
                           ":2: id \"b\": sound: the checkpoint has no sound (sound_gen is false in "
                           "transformer/config.json, or sound_tokenizer/ is missing)");
}

TEST_F(ValidateFiles, RefusesSchedulesThatCannotBeComputed) {
  struct Row {
    std::string fields;
    ScheduleChoice schedule;
    bool refused;
  };
  for (const Row& row : {Row{R"("flow_shift": 100000)", ScheduleChoice::Native, true},
                         {R"("flow_shift": 1000)", ScheduleChoice::Native, false},
                         {R"("flow_shift": 1000)", ScheduleChoice::DoubleShift, true},
                         {R"("flow_shift": 1e-300)", ScheduleChoice::Native, true},
                         {R"("flow_shift": 100000)", ScheduleChoice::Karras, false},
                         {R"("flow_shift": 100000)", ScheduleChoice::Auto, true},
                         {R"("flow_shift": 10, "steps": 1000)", ScheduleChoice::Native, false}}) {
    options_.model.schedule = row.schedule;
    manifest(
        "\n"
        R"({"id": "a", "prompt_token_ids": [1], "guidance_scale": 1, )" +
        row.fields + "}\n");
    EXPECT_THAT(refusal(), row.refused ? testing::Matcher<std::string>(HasSubstr(":2: id \"a\": flow_shift: 1"))
                                       : testing::Matcher<std::string>(""))
        << row.fields;
  }
}

TEST_F(ValidateFiles, LooksAtWhatOutHas) {
  manifest(kTwoLines);
  options_.output.folder = folder_ / "out";
  fs::create_directories(options_.output.folder / "latents");
  write_file(options_.output.folder / "latents" / "a.h5", "torn");
  EXPECT_THAT(validate(options_), AllOf(HasSubstr("warning"), HasSubstr("a.h5"), HasSubstr("the clip is made again")));
  LatentFile file;
  file.request = R"({"id": "b"})";
  file.model = json_text(open_checkpoint(options_.model.checkpoint).description());
  file.latents[Stream::Video] = {{1, 8, 1, 1, 1}, std::vector<float>(8)};
  write_latents(options_.output.folder / "latents" / "b.h5", file);
  EXPECT_THAT(refusal(), HasSubstr("b.h5: this finished clip was made"));
  options_.output.force = true;
  EXPECT_EQ(refusal(), "");
}

TEST_F(ValidateFiles, SaysWhoUsesTheFolder) {
  manifest(kTwoLines);
  options_.output.folder = folder_ / "out";
  fs::create_directory(options_.output.folder);
  EXPECT_EQ(refusal(), "");
  EXPECT_TRUE(fs::is_empty(options_.output.folder));
  const Background run(
      [&] { return std::make_shared<RunLock>(options_.output.folder, ManifestShard(), Log(LogLevel::Quiet)); });
  EXPECT_THAT(refusal(), HasSubstr("in use by a run of the whole manifest"));
}

TEST_F(ValidateFiles, LooksForTheFilesThatLinesName) {
  write_file(folder_ / "here.png", "\x89PNG\r\n\x1A\nnot decoded");
  write_file(folder_ / "text.mp4", "a video of nothing");
  fs::create_directory(folder_ / "folder.h5");
  struct Row {
    std::string fields, expected;
  };
  for (const Row& row : std::initializer_list<Row>{{R"("image": "here.png")", ""},
                                                   {R"("condition_latents": "here.png")", ""},
                                                   {R"("image": "gone.png")", "gone.png: no such file"},
                                                   {R"("condition_latents": "gone.h5")", "gone.h5: no such file"},
                                                   {R"("condition_latents": "folder.h5")", "folder.h5: it is a folder"},
                                                   {R"("continues": "here.png")", ""},
                                                   {R"("image": "text.mp4")", "text.mp4: not an image or a video"},
                                                   {R"("continues": "gone.mp4")", "continues: "},
                                                   {R"("continues": "text.mp4")", "text.mp4: not an image or a video"},
                                                   {R"("continues": "folder.h5")", "it is a latent file, expected a v"},
                                                   {R"("image": "here.png/x")", "here.png/x: no such file"}}) {
    manifest(R"({"id": "a", "prompt_token_ids": [1], "guidance_scale": 1, )" + row.fields + "}\n");
    EXPECT_THAT(refusal(), row.expected.empty() ? testing::Matcher<std::string>("") : HasSubstr(row.expected))
        << row.fields;
  }
}

TEST_F(ValidateFiles, SaysOnceThatAParentComesLater) {
  manifest(
      R"({"id": "a", "prompt_token_ids": [1], "guidance_scale": 1, "condition_latents": "b"}
{"id": "b", "prompt_token_ids": [1], "guidance_scale": 1}
)");
  EXPECT_EQ(refusal(), options_.manifest.string() +
                           ":1: id \"a\": condition_latents: names the clip of line 2, which comes later: "
                           "move it up");
}

TEST_F(ValidateFiles, ComparesIdsWithTheVocabulary) {
  manifest(R"({"id": "a", "prompt_token_ids": [1024], "negative_token_ids": [7]}
{"id": "b", "prompt_token_ids": [1], "negative_token_ids": [7, 2500]})");
  const std::string where = options_.manifest.string();
  EXPECT_EQ(refusal(),
            where + ":1: id \"a\": prompt_token_ids: 1024 is not a token id of the checkpoint, which has 0 to 1023\n" +
                where +
                ":2: id \"b\": negative_token_ids: 2500 is not a token id of the checkpoint, which has 0 to 1023");
}

TEST_F(ValidateFiles, TokensPrintsWhatTheModelReads) {
  manifest(kTwoLines);
  std::ostringstream out;
  print_tokens(options_, out);
  std::istringstream lines(out.str());
  std::string first, second;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_THAT(first, testing::StartsWith(
                         R"({"id":"a","caption":null,"ids":[1,99],"negative_caption":null,"negative_ids":[5],)"));
  EXPECT_EQ(second,
            R"({"id":"b","caption":null,"ids":[1,2,3],"negative_caption":null,"negative_ids":null,"num_frames":17,)"
            R"("steps":35,"guidance_scale":1.0,"flow_shift":10.0})");
}

// Requests with a caption, with a negative prompt, without guidance, and with negative token ids.
std::vector<Request> four_requests() {
  Request cat;
  cat.id = "a";
  cat.prompt = "A cat";
  cat.num_frames = 49;
  std::vector<Request> requests(4, cat);
  requests[1].negative_prompt = "own";
  requests[2].guidance_scale = 1;
  requests[3].negative_token_ids = std::vector<std::int64_t>{4, 5};
  return requests;
}

struct FourPrompts {
  std::vector<ResolvedPrompt> prompts;
  std::vector<std::string> negative_captions;
};

FourPrompts read_four(Semantics semantics) {
  PromptReader reader(tokenizer_in(fs::path(ORRERY_TEST_DATA) / "text"), "bad");
  FourPrompts four;
  for (Request request : four_requests()) {
    request.semantics = semantics;
    four.prompts.push_back(reader(request));
    four.negative_captions.push_back(reader.negative_caption(request));
  }
  return four;
}

TEST(Prompts, TextsBecomeIds) {
  const auto [prompts, negatives] = read_four(Semantics::Native);
  EXPECT_EQ(prompts[0].caption,
            "A cat. The video is 2.0 seconds long and is of 24 FPS. This video is of 720x1280 resolution.");
  EXPECT_EQ(negatives[0], "bad. The video is 2.0 seconds long and is of 24 FPS. This video is of 720x1280 resolution.");
  EXPECT_GT(prompts[0].ids.size(), 20U);
  EXPECT_EQ(prompts[0].ids, prompts[3].ids);
  EXPECT_NE(prompts[0].negative_ids, prompts[1].negative_ids);
}

TEST(Prompts, NegativeIdsFollowTheRequest) {
  const auto [prompts, negatives] = read_four(Semantics::Seed);
  EXPECT_THAT(negatives, ElementsAre("bad", "own", "", ""));
  EXPECT_THAT(prompts[2].negative_ids.values(), IsEmpty());
  EXPECT_THAT(prompts[3].negative_ids.values(), ElementsAre(4, 5));
}

TEST(Prompts, EachDistinctTextIsTokenisedOnce) {
  std::vector<std::string> asked;
  PromptReader reader(
      [&](const std::string& caption) {
        asked.push_back(caption);
        return std::vector<std::int64_t>(1, std::ssize(asked));
      },
      "bad");
  std::deque<Request> requests(5);
  for (Request& request : requests) request.prompt = "A cat";
  requests[2].num_frames = 49;          // other captions
  requests[3].negative_prompt = "bad";  // the text of the default negative prompt
  requests[4].prompt = "A dog";
  const RepeatedPrompts repeated(requests);
  EXPECT_TRUE(repeated.has(requests[2]));
  EXPECT_FALSE(repeated.has(requests[4])) << "its ids need not be remembered";
  std::vector<std::int64_t> ids, negative_ids;
  for (const Request& request : requests) {
    const ResolvedPrompt prompt = reader(request, repeated.has(request));
    ids.push_back(*prompt.ids.begin());
    negative_ids.push_back(*prompt.negative_ids.begin());
  }
  EXPECT_THAT(ids, ElementsAre(1, 1, 3, 1, 5));
  EXPECT_THAT(negative_ids, ElementsAre(2, 2, 4, 2, 2));
  EXPECT_EQ(asked.size(), 5U);
}

TEST(Prompts, TheTokenizerIsMissedOnlyWhenATextNeedsIt) {
  PromptReader reader(tokenizer_in("/nowhere/text_tokenizer"), "bad");
  Request request;
  request.prompt_token_ids = std::vector<std::int64_t>{1};
  request.negative_token_ids = std::vector<std::int64_t>{2};
  EXPECT_THAT(reader(request).ids.values(), ElementsAre(1));
  request.negative_token_ids.reset();
  EXPECT_THAT([&] { reader(request); }, testing::ThrowsMessage<InputError>(HasSubstr("text_tokenizer")));
}

TEST(Prompts, GuidanceBelowOneIsABlendUnlessTheSeedSaysNot) {
  PromptReader reader(tokenizer_in(fs::path(ORRERY_TEST_DATA) / "text"), "bad");
  Request request = four_requests().front();
  for (const double scale : {0.0, 0.5}) {
    for (const Semantics semantics : {Semantics::Native, Semantics::Seed}) {
      request.guidance_scale = scale;
      request.semantics = semantics;
      EXPECT_EQ(reader(request).negative_ids.empty(), semantics == Semantics::Seed) << scale;
    }
  }
}

TEST(NegativePrompt, TheBuiltInOneIsTheFile) {
  EXPECT_EQ(builtin_negative_prompt(),
            read_negative_prompt(fs::path(ORRERY_SOURCE) / "inputs" / "negative_prompt.json"));
  EXPECT_EQ(default_negative_prompt({}), builtin_negative_prompt());
  EXPECT_EQ(builtin_negative_prompt().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace orrery
