#include "io/text/prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "text_folder.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr ClipFacts kClip{1, 24.0, 480, 832, std::nullopt};

TEST(PromptText, SemanticsDecideOnTheNegativeSentences) {
  const PromptSource source{"a", std::nullopt, "blur", true};
  const PromptText native = prompt_text(source, kClip, Semantics::Native);
  EXPECT_EQ(native.caption, "a. This image is of 480x832 resolution.");
  EXPECT_EQ(native.negative_caption, "blur. This image is of 480x832 resolution.");
  const PromptText seed = prompt_text(source, kClip, Semantics::Seed);
  EXPECT_EQ(seed.caption, "a. This video is of 480x832 resolution.");
  EXPECT_EQ(seed.negative_caption, "blur");
}

TEST(PromptText, AnEmptyNegativeIsNotTheDefault) {
  const PromptSource source{"a", "", "blur", true};
  EXPECT_EQ(prompt_text(source, kClip, Semantics::Native).negative_caption, "This image is of 480x832 resolution.");
  EXPECT_EQ(prompt_text(source, kClip, Semantics::Seed).negative_caption, "");
}

TEST(PromptText, BareWithoutMetadata) {
  for (const Semantics semantics : {Semantics::Native, Semantics::Seed}) {
    const PromptText text = prompt_text({" a. ", "..b", "blur", false}, kClip, semantics);
    EXPECT_EQ(text.caption, " a. ");
    EXPECT_EQ(text.negative_caption, "..b");
  }
}

using PromptFiles = TextFolder;

TEST_F(PromptFiles, NegativePromptFile) {
  write("n.json", "{\n  \"a\": 1.50,\n  \"b\": \"\xC3\xA9\"\n}\n");
  write("n.txt", "\n blur, flicker \n");
  write("bad.txt", "\xFF");
  EXPECT_EQ(read_negative_prompt(folder_ / "n.json"), R"({"a": 1.5, "b": "\u00e9"})");
  EXPECT_EQ(read_negative_prompt(folder_ / "n.txt"), "blur, flicker");
  EXPECT_THAT([&] { read_negative_prompt(folder_ / "bad.txt"); },
              ThrowsMessage<InputError>(HasSubstr("bad.txt is not")));
}

TEST_F(PromptFiles, ChatFormAndClosingIds) {
  write("tokenizer.json", small_tokenizer().dump());
  const Tokenizer tokenizer = Tokenizer::load(folder_);
  std::vector<std::int64_t> expected = {258};
  for (const char c : std::string("user\n")) expected.push_back(c);
  expected.insert(expected.end(), {257, 259, '\n', 258});
  for (const char c : std::string("assistant\n")) expected.push_back(c);
  expected.insert(expected.end(), {259, 260});
  EXPECT_EQ(prompt_ids(tokenizer, "abc"), expected);
}

TEST_F(PromptFiles, SpecialTokensMustExist) {
  for (const char* missing : {"<|im_start|>", "<|im_end|>", "<|vision_start|>"}) {
    SortedJson content = small_tokenizer();
    SortedJson& added = content["added_tokens"];
    for (std::size_t i = 0; i < added.size(); ++i) {
      if (added[i]["content"] == missing) added.erase(i);
    }
    write("tokenizer.json", content.dump());
    const Tokenizer tokenizer = Tokenizer::load(folder_);
    EXPECT_THAT([&] { prompt_ids(tokenizer, "a"); }, ThrowsMessage<InputError>(HasSubstr(missing)));
  }
}

}  // namespace
}  // namespace orrery
