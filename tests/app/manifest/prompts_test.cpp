#include "app/manifest/prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace orrery
