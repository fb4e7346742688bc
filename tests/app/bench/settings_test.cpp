#include "app/bench/settings.h"

#include <gtest/gtest.h>

#include "support/nano.h"

namespace orrery {
namespace {

TEST(BenchClip, TokensOfTheUsualClips) {
  struct Row {
    std::int64_t width, height, frames, tokens, sound_steps;
  };
  BenchModel model;
  model.transformer_config = nano_config();
  for (const Row& row : {Row{1280, 720, 189, 48 * 23 * 40, 197}, Row{832, 480, 93, 24 * 15 * 26, 97},
                         Row{320, 192, 9, 3 * 6 * 10, 10}, Row{64, 64, 1, 4, 2}}) {
    BenchSettings settings;
    settings.width = row.width;
    settings.height = row.height;
    settings.frames = row.frames;
    EXPECT_EQ(bench_tokens(bench_shape(model, settings)), row.tokens);
    EXPECT_EQ(bench_sound_steps(settings), row.sound_steps);
  }
}

}  // namespace

}  // namespace orrery
