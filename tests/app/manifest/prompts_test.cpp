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

// MODES.md B: the empty one, with its sentence.
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
