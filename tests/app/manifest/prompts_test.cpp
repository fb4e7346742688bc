#include "app/manifest/prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/zoo/random_models.h"

namespace orrery {
namespace {

using testing::ElementsAre;

TEST(Prompts, OfRandomWeightsBecomeBytes) {
  EXPECT_THAT(tokenizer_of("random:nano")("hi"), ElementsAre('h', 'i', 256, 257));
  Request request;
  request.prompt = "A cat";
  request.append_metadata = false;
  request.guidance_scale = 1;
  PromptReader reader(tokenizer_of("random:tiny"), "");
  EXPECT_THAT(reader(request).ids.values(), ElementsAre('A', ' ', 'c', 'a', 't', 256, 257));
}

// MODES.md B: pictures have an empty negative prompt, with the caption's sentence.
TEST(Prompts, APictureHasNoBuiltInNegativePrompt) {
  Request picture;
  picture.num_frames = 1;
  picture.height = 960;
  picture.width = 960;
  const auto negative = [](const Request& request, const std::string& standard) {
    return PromptReader(byte_ids, standard).negative_caption(request);
  };
  EXPECT_EQ(negative(picture, builtin_negative_prompt()), "This image is of 960x960 resolution.");
  EXPECT_EQ(negative(picture, "Blur."), "Blur. This image is of 960x960 resolution.") << "of --negative-prompt-file";
  picture.semantics = Semantics::Seed;
  EXPECT_EQ(negative(picture, builtin_negative_prompt()), builtin_negative_prompt());
}

TEST(Vocabulary, HasTheIdsOfTokenizersAndRequests) {
  Request request;
  EXPECT_THAT(unknown_token_ids(request, 1), testing::IsEmpty());
  request.prompt_token_ids = {3, 4};
  EXPECT_THAT(unknown_token_ids(request, 5), testing::IsEmpty());
  EXPECT_THAT(unknown_token_ids(request, 4),
              testing::ElementsAre("prompt_token_ids: 4 is not a token id of the checkpoint, which has 0 to 3"));
  ResolvedPrompt prompt;
  prompt.negative_ids = {9};
  EXPECT_EQ(vocabulary_problem(prompt, 10), "");
  EXPECT_EQ(vocabulary_problem(prompt, 9), "negative prompt: token id 9 is not among the checkpoint's 9");
}

TEST(UnreadableTexts, AreThoseThatNoIdsStandFor) {
  Request request;
  EXPECT_THAT(unreadable_texts(request),
              testing::ElementsAre(testing::HasSubstr("prompt: the checkpoint is a Cosmos3-Edge one"),
                                   testing::HasSubstr("negative_prompt: the checkpoint is a Cosmos3-Edge one")));
  request.prompt_token_ids = {1, 2};
  EXPECT_THAT(unreadable_texts(request), testing::SizeIs(1));
  request.guidance_scale = 1;
  EXPECT_THAT(unreadable_texts(request), testing::IsEmpty());
  request.guidance_scale = 6;
  request.negative_token_ids = std::vector<std::int64_t>{3};
  EXPECT_THAT(unreadable_texts(request), testing::IsEmpty());
}

}  // namespace
}  // namespace orrery
