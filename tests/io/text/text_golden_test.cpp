#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../support/cpu_time.h"
#include "base/core/stopwatch.h"
#include "io/text/prompt.h"
#include "io/text/tokenizer.h"
#include "text_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int64_t>;

const fs::path kData = fs::path(ORRERY_TEST_DATA) / "text";

ClipFacts clip_of(const Json& entry) {
  ClipFacts clip{entry.at("num_frames"), entry.at("fps"), entry.at("height"), entry.at("width"), std::nullopt};
  const Json ratio = entry.value("aspect_ratio", Json());
  if (!ratio.is_null()) clip.aspect_ratio = ratio.get<std::string>();
  return clip;
}

TEST(CaptionGolden, AllCaptions) {
  const Json cases = parse_json_file(kData / "captions.json");
  ASSERT_EQ(cases.size(), 68U);
  for (const Json& entry : cases) {
    const auto prompt = entry.at("prompt").get<std::string>();
    EXPECT_EQ(caption(prompt, clip_of(entry), Semantics::Seed), entry["caption"]);
    if (entry.at("num_frames") > 1) {
      EXPECT_EQ(caption(prompt, clip_of(entry), Semantics::Native), entry["caption"]);
    }
  }
}

TEST(CaptionGolden, AllNegativeCaptions) {
  const Json cases = parse_json_file(kData / "negative_captions.json");
  ASSERT_EQ(cases.size(), 24U);
  for (const Json& entry : cases) {
    if (entry.at("num_frames") == 1) continue;  // written before captions of pictures had their own sentence
    EXPECT_EQ(negative_caption(entry.at("prompt").get<std::string>(), clip_of(entry)), entry["caption"]);
  }
}

TEST(CaptionGolden, AllPictures) {
  const Json cases = parse_json_file(kData.parent_path() / "modes" / "captions.json").at("text2image");
  ASSERT_EQ(cases.size(), 22U);
  for (const Json& entry : cases) {
    Json clip = entry;
    clip.update({{"num_frames", 1}, {"fps", 24.0}});
    const auto prompt = entry.at("prompt").get<std::string>();
    EXPECT_EQ(caption(prompt, clip_of(clip)), entry["native"]);
    EXPECT_EQ(negative_caption(prompt, clip_of(clip)), entry["native_as_negative"]);
  }
}

void expect_reference_ids(const Tokenizer& tokenizer) {
  EXPECT_EQ(tokenizer.id_of("<|im_end|>"), 151645);
  EXPECT_EQ(tokenizer.id_of("!"), 0);
  EXPECT_EQ(tokenizer.id_of("</think>"), 151668);
  const Json cases = parse_json_file(kData / "qwen_bpe_cases.json").at("cases");
  ASSERT_EQ(cases.size(), 800U);
  for (const Json& entry : cases) {
    const auto text = entry.at("text").get<std::string>();
    EXPECT_EQ(tokenizer.encode(text), entry.at("ids").get<Ids>()) << text;
    EXPECT_EQ(prompt_ids(tokenizer, text), entry.at("prompt_ids").get<Ids>()) << text;
  }
}

TEST(TokenizerGolden, FromTokenizerJson) {
  const Stopwatch loading;
  const Tokenizer tokenizer = Tokenizer::load(kData);
  RecordProperty("load_seconds", std::to_string(loading.seconds()));
  expect_reference_ids(tokenizer);
}

using TokenizerFilesGolden = TextFolder;

TEST_F(TokenizerFilesGolden, FromVocabularyAndMerges) {
  write_as_vocabulary_files(parse_sorted_json_file(kData / "tokenizer.json"), folder_);
  expect_reference_ids(Tokenizer::load(folder_));
}

TEST_F(TokenizerFilesGolden, AddedTokensFromTokenizerConfig) {
  write_as_vocabulary_files(parse_sorted_json_file(kData / "tokenizer.json"), folder_);
  fs::remove(folder_ / "added_tokens.json");
  fs::copy_file(kData / "tokenizer_config.json", folder_ / "tokenizer_config.json");
  expect_reference_ids(Tokenizer::load(folder_));
}

// A hostile or very long prompt must not stall a job. The limit of CPU time allows for a slow machine and a debug
// build, but not for an algorithm of quadratic time, which would take minutes.
TEST(TokenizerGolden, LongTextsTakeLinearTime) {
  const Tokenizer tokenizer = Tokenizer::load(kData);
  constexpr std::size_t kLength = 100'000;
  const auto repeated = [&](const std::string& unit) {
    std::string text;
    while (text.size() < kLength) text += unit;
    return text;
  };
  for (const std::string unit : {"A robot arm sorts 12 parts. ", "a", "qzxjv", " ", " \n", "!", "\t\xC2\xA0", "7",
                                 "\xE6\x97\xA5", "e\xCC\x81", "<|im_end|>", "<|im_end"}) {
    const std::string text = repeated(unit);
    const double before = cpu_seconds();
    const Ids ids = tokenizer.encode(text);
    EXPECT_LT(cpu_seconds() - before, 10) << unit;
    EXPECT_GT(ids.size(), text.size() / 200) << unit;
  }
}

}  // namespace
}  // namespace orrery
