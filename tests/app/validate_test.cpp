#include "app/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "app/prompts.h"
#include "app/tokens.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

CheckpointSummary good_audit(const fs::path&, GridShape) { return {"a small one", 100, false}; }
CheckpointSummary sound_audit(const fs::path&, GridShape) { return {"one with sound", 100, true}; }

CheckpointSummary bad_audit(const fs::path& folder, GridShape) {
  throw InputError(folder.string() + "/transformer: no such folder");
}

// Requests with token ids, which need no tokenizer.
class ValidateFiles : public testing::Test {
 protected:
  void SetUp() override {
    options_.command = Command::Validate;
    options_.checkpoint = folder_;
    options_.manifest = folder_ / "m.jsonl";
  }
  void manifest(const std::string& text) const { write_file(options_.manifest, text); }
  std::string refusal(const CheckpointAudit& audit) const {
    try {
      validate(options_, audit);
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
  options_.grid = {2, 4};
  options_.out = folder_ / "not" / "yet";
  EXPECT_THAT(validate(options_, good_audit),
              AllOf(HasSubstr("m.jsonl: 2 requests\n"), HasSubstr("width 1280, height 720, frames 17 to 189, steps 35"),
                    HasSubstr("checkpoint  a small one\n"), HasSubstr("cfg 2 x tp 4 = 8"), HasSubstr("2 to 3 tokens"),
                    HasSubstr("not/yet")));
  EXPECT_FALSE(fs::exists(folder_ / "not"));
}

TEST_F(ValidateFiles, ReportsTheProblemsOfAllChecks) {
  manifest(
      "{\"id\": \"a\", \"prompt\": \"p\", \"image\": \"a.png\"}\n{\"id\": \"b\", \"prompt\": \"p\", \"height\": "
      "721}\n");
  options_.out = options_.manifest / "x";
  EXPECT_THAT(refusal(bad_audit),
              AllOf(HasSubstr("m.jsonl:1: id \"a\": image: " + (folder_ / "a.png").string() + ": no such file"),
                    HasSubstr("m.jsonl:2: id \"b\": height: 721"), HasSubstr("/transformer: no such folder"),
                    HasSubstr("--out: "), Not(testing::EndsWith("\n"))));
}

TEST_F(ValidateFiles, RefusesSoundThatTheCheckpointLacks) {
  manifest(
      R"({"id": "a", "prompt_token_ids": [1], "guidance_scale": 1}
{"id": "b", "prompt_token_ids": [1], "guidance_scale": 1, "sound": true}
)");
  EXPECT_EQ(refusal(sound_audit), "");
  EXPECT_EQ(refusal(good_audit),
            options_.manifest.string() +
                ":2: id \"b\": sound: the checkpoint has no sound (sound_gen is false in transformer/config.json, or "
                "sound_tokenizer/ is missing)");
  EXPECT_THAT(refusal(bad_audit), AllOf(HasSubstr("no such folder"), Not(HasSubstr("sound"))));
}

TEST_F(ValidateFiles, LooksForTheFilesThatLinesName) {
  write_file(folder_ / "here.png", "not decoded");
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
                                                   {R"("continues": "gone.mp4")", "continues: "},
                                                   {R"("continues": "folder.h5")", "it is a latent file, expected a v"},
                                                   {R"("image": "here.png/x")", "here.png/x: no such file"}}) {
    manifest(R"({"id": "a", "prompt_token_ids": [1], "guidance_scale": 1, )" + row.fields + "}\n");
    EXPECT_THAT(refusal(good_audit), row.expected.empty() ? testing::Matcher<std::string>("") : HasSubstr(row.expected))
        << row.fields;
  }
}

TEST_F(ValidateFiles, SaysOnceThatAParentComesLater) {
  manifest(
      R"({"id": "a", "prompt_token_ids": [1], "guidance_scale": 1, "condition_latents": "b"}
{"id": "b", "prompt_token_ids": [1], "guidance_scale": 1}
)");
  EXPECT_EQ(refusal(good_audit), options_.manifest.string() +
                                     ":1: id \"a\": condition_latents: names the clip of line 2, which comes later: "
                                     "move it up");
}

TEST_F(ValidateFiles, ComparesIdsWithTheVocabulary) {
  manifest(R"({"id": "a", "prompt_token_ids": [100], "negative_token_ids": [7, 250]})");
  EXPECT_EQ(refusal(good_audit),
            "id \"a\": prompt: token id 100 is not among the checkpoint's 100\n"
            "id \"a\": negative prompt: token id 250 is not among the checkpoint's 100");
}

TEST_F(ValidateFiles, MissesTheTokenizerOnlyWhenATextNeedsIt) {
  manifest(kTwoLines);
  EXPECT_EQ(refusal(good_audit), "");
  manifest(R"({"id": "a", "prompt_token_ids": [1]})");  // its negative prompt is the default text
  EXPECT_THAT(refusal(good_audit), HasSubstr("text_tokenizer"));
}

TEST_F(ValidateFiles, TokensPrintsWhatTheModelReads) {
  manifest(kTwoLines);
  std::ostringstream out;
  print_tokens(options_, out);
  std::istringstream lines(out.str());
  std::string first, second;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_EQ(first, R"({"id":"a","caption":null,"ids":[1,99],"negative_caption":null,"negative_ids":[5]})");
  EXPECT_EQ(second, R"({"id":"b","caption":null,"ids":[1,2,3],"negative_caption":null,"negative_ids":null})");
}

// A caption, a negative prompt of its own, no guidance, and negative ids.
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

std::vector<ResolvedPrompt> resolve_four(Semantics semantics) {
  std::vector<Request> requests = four_requests();
  for (Request& request : requests) request.semantics = semantics;
  return resolve_prompts(requests, tokenizer_in(fs::path(ORRERY_TEST_DATA) / "text"), "bad");
}

TEST(Prompts, TextsBecomeIds) {
  const std::vector<ResolvedPrompt> prompts = resolve_four(Semantics::Native);
  EXPECT_EQ(prompts[0].text.caption,
            "A cat. The video is 2.0 seconds long and is of 24 FPS. This video is of 720x1280 resolution.");
  EXPECT_EQ(prompts[0].text.negative_caption,
            "bad. The video is 2.0 seconds long and is of 24 FPS. This video is of 720x1280 resolution.");
  EXPECT_GT(prompts[0].ids.size(), 20U);
  EXPECT_EQ(prompts[0].ids, prompts[3].ids);
  EXPECT_NE(prompts[0].negative_ids, prompts[1].negative_ids);
}

TEST(Prompts, NegativeIdsFollowTheRequest) {
  const std::vector<ResolvedPrompt> prompts = resolve_four(Semantics::Seed);
  EXPECT_EQ(prompts[0].text.negative_caption, "bad");
  EXPECT_EQ(prompts[1].text.negative_caption, "own");
  EXPECT_THAT(prompts[2].negative_ids, IsEmpty());
  EXPECT_EQ(prompts[2].text.negative_caption, "");
  EXPECT_THAT(prompts[3].negative_ids, ElementsAre(4, 5));
  EXPECT_EQ(prompts[3].text.negative_caption, "");
}

TEST(Prompts, GuidanceBelowOneIsABlendUnlessTheSeedSaysNot) {
  std::vector<Request> requests = four_requests();
  requests.resize(1);
  for (const double scale : {0.0, 0.5}) {
    for (const Semantics semantics : {Semantics::Native, Semantics::Seed}) {
      requests[0].guidance_scale = scale;
      requests[0].semantics = semantics;
      const auto prompts = resolve_prompts(requests, tokenizer_in(fs::path(ORRERY_TEST_DATA) / "text"), "bad");
      EXPECT_EQ(prompts[0].negative_ids.empty(), semantics == Semantics::Seed) << scale;
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
