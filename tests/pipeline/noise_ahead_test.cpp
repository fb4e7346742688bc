#include <gtest/gtest.h>

#include "pipeline/start_clip.h"

namespace orrery {
namespace {

MediaShape shape_with(std::int64_t frames, std::int64_t sound_steps) {
  MediaShape shape{{{Stream::Video, {{4, frames, 2, 3}}}}};
  if (sound_steps > 0) shape.streams[Stream::Sound] = {{3, sound_steps}};
  return shape;
}

void expect_noise(const MediaLatents& noise, std::uint32_t seed, const MediaShape& shape) {
  const MediaLatents expected = noise_for(seed, shape, at::kCPU);
  ASSERT_EQ(noise.size(), expected.size());
  for (const auto& [stream, latents] : expected) EXPECT_TRUE(at::equal(noise.at(stream), latents));
}

TEST(NoiseAhead, IsTheNoiseOfWhatIsTaken) {
  struct Case {
    std::uint32_t seed;
    MediaShape begun;
    std::uint32_t taken_seed;
    MediaShape taken;
  };
  const Case cases[] = {{1, shape_with(2, 5), 1, shape_with(2, 5)}, {1, shape_with(2, 5), 2, shape_with(2, 5)},
                        {1, shape_with(2, 5), 1, shape_with(3, 5)}, {1, shape_with(2, 5), 1, shape_with(2, 0)},
                        {1, shape_with(2, 0), 1, shape_with(2, 5)}, {1, shape_with(2, 5), 1, shape_with(2, 6)}};
  NoiseAhead ahead;
  for (const Case& c : cases) {
    ahead.begin(c.seed, c.begun);
    expect_noise(ahead.take(c.taken_seed, c.taken, at::kCPU), c.taken_seed, c.taken);
  }
}

TEST(NoiseAhead, DrawsNowWhatWasNotBegunOrWasTakenAlready) {
  NoiseAhead ahead;
  const MediaShape shape = shape_with(2, 0);
  expect_noise(ahead.take(7, shape, at::kCPU), 7, shape);
  ahead.begin(8, shape);
  for (int i = 0; i < 2; ++i) expect_noise(ahead.take(8, shape, at::kCPU), 8, shape);
}

TEST(NoiseAhead, TheLastBeginningCounts) {
  NoiseAhead ahead;
  const MediaShape shape = shape_with(2, 4);
  ahead.begin(8, shape);
  ahead.begin(9, shape);
  expect_noise(ahead.take(9, shape, at::kCPU), 9, shape);
}

}  // namespace
}  // namespace orrery
