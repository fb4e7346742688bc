#include "base/core/choice.h"

#include <gtest/gtest.h>

#include <array>

namespace orrery {
namespace {

constexpr std::array<std::string_view, 8> kKnown{
    "num_frames", "condition_frames", "height", "guidance_scale", "negative_prompt", "fps", "tp", "cfg"};

TEST(Nearest, FindsWhatWasMeant) {
  struct Row {
    std::string_view word, expected;
  };
  for (const Row& row : std::initializer_list<Row>{{"hieght", "height"},
                                                   {"heigth", "height"},
                                                   {"num-frames", "num_frames"},
                                                   {"numframes", "num_frames"},
                                                   {"guidence_scal", "guidance_scale"},
                                                   {"guidance", "guidance_scale"},
                                                   {"frames", "num_frames"},
                                                   {"negative", "negative_prompt"},
                                                   {"fpss", "fps"},
                                                   {"tpp", "tp"},
                                                   {"cgf", "cfg"},
                                                   {"height", "height"},
                                                   {"colour", ""},
                                                   {"xy", ""},
                                                   {"", ""}}) {
    EXPECT_EQ(nearest(row.word, kKnown), row.expected) << row.word;
  }
}

TEST(Nearest, MakesASentencePart) {
  EXPECT_EQ(did_you_mean("hight", kKnown, "--"), " (did you mean --height?)");
  EXPECT_EQ(did_you_mean("colour", kKnown), "");
}

}  // namespace

}  // namespace orrery
