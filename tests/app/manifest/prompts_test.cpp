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

}  // namespace
}  // namespace orrery
