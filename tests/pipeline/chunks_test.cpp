#include "pipeline/chunks.h"

#include <gmock/gmock.h>

#include <cmath>

#include "pipeline/sound_seams.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

Request long_request(std::int64_t frames, std::int64_t chunk, std::int64_t overlap) {
  Request request;
  request.id = "a";
  request.num_frames = frames;
  request.chunk_frames = chunk;
  request.chunk_overlap = overlap;
  return request;
}

TEST(Chunks, CoverTheClipAndOverlap) {
  EXPECT_THAT(chunks_of(long_request(189, 189, 5)), ElementsAre(Chunk{0, 189}));
  EXPECT_THAT(chunks_of(long_request(193, 189, 5)), ElementsAre(Chunk{0, 189}, Chunk{184, 9}));
  EXPECT_THAT(chunks_of(long_request(373, 189, 5)), ElementsAre(Chunk{0, 189}, Chunk{184, 189}));
  for (const std::int64_t overlap : {1, 5, 9}) {
    for (std::int64_t frames = 17; frames < 200; frames += 4) {
      const std::vector<Chunk> chunks = chunks_of(long_request(frames, 13, overlap));
      EXPECT_EQ(chunks.back().begin + chunks.back().frames, frames);
      for (std::size_t i = 0; i < chunks.size(); ++i) {
        EXPECT_EQ(chunks[i].frames % 4, 1);
        EXPECT_GT(chunks[i].frames, overlap);
        EXPECT_LE(chunks[i].frames, 13);
        const std::int64_t begin = i == 0 ? 0 : chunks[i - 1].begin + chunks[i - 1].frames - overlap;
        EXPECT_EQ(chunks[i].begin, begin);
      }
    }
  }
}

TEST(Chunks, AreClipsThatContinueEachOther) {
  Request request = long_request(30 * 4 + 1, 49, 9);
  request.image = "a.png";
  request.seed = 4294967295U;
  request.sound = true;
  const std::vector<Request> parts = parts_of(request);
  ASSERT_THAT(parts, SizeIs(3));
  EXPECT_EQ(parts[0].id, "a@0");
  EXPECT_EQ(parts[0].image, "a.png");
  EXPECT_EQ(parts[0].seed, request.seed);
  EXPECT_FALSE(parts[0].encodes_parent || parts[0].is_long());
  EXPECT_EQ(parts[2].id, "a@2");
  EXPECT_EQ(parts[2].parent, "a@1");
  EXPECT_TRUE(parts[2].encodes_parent && parts[2].sound && parts[2].input_files().empty());
  EXPECT_THAT(parts[2].condition_frames, ElementsAre(0, 1, 2));
  EXPECT_EQ(parts[2].num_frames, 41);
  EXPECT_EQ(parts[2].seed, 1U) << "seeds go on from 0";
  request.chunk_frames.reset();
  EXPECT_THAT(parts_of(request), ElementsAre(request));
  EXPECT_TRUE(is_chunk(parts[0]) && !is_chunk(request));
}

// A tone at a chunk's own phase.
at::Tensor tone(std::int64_t samples, double phase) {
  const at::Tensor t = at::arange(samples, at::kDouble) * (2 * M_PI * 440 / 48000) + phase;
  return at::stack({t.sin(), t.cos()}).to(at::kFloat) * 0.5;
}

// The largest jump of the signal's slope: a click is a slope that the signal itself never has.
double largest_bend(const at::Tensor& sound) { return sound.diff(2, 1).abs().max().item<double>(); }

TEST(SoundSeams, FadeFromChunkToChunkWithoutAClick) {
  SoundSeams seams;
  std::vector<at::Tensor> parts;
  const double phases[] = {0, 4.4, 1.2};
  constexpr std::int64_t kStride = 20000, kLength = 30000;
  for (std::int64_t i = 0; i < 3; ++i) {
    std::optional<std::int64_t> next;
    if (i < 2) next = (i + 1) * kStride;
    parts.push_back(seams.add(tone(kLength, phases[i]), i * kStride, next));
  }
  const at::Tensor joined = at::cat(parts, 1);
  ASSERT_EQ(joined.size(1), 2 * kStride + kLength);
  EXPECT_TRUE(at::equal(joined.narrow(1, 0, kStride), tone(kLength, phases[0]).narrow(1, 0, kStride)));
  EXPECT_TRUE(
      at::equal(joined.narrow(1, 2 * kStride + 10000, 20000), tone(kLength, phases[2]).narrow(1, 10000, 20000)));
  const double own = largest_bend(tone(kLength, 0));
  EXPECT_LE(largest_bend(joined), 1.5 * own) << "two tones of one pitch add up to 1.42 at most";
  const at::Tensor cut = at::cat({tone(kStride, phases[0]), tone(kStride, phases[1])}, 1);
  EXPECT_GT(largest_bend(cut), 10 * own) << "what a seam without fading does";
}

// Noises of two chunks are not correlated: their joint has the power of either.
TEST(SoundSeams, KeepThePower) {
  SoundSeams seams;
  constexpr std::int64_t kLength = 96000;
  seams.add(at::randn({2, kLength}), 0, 0);
  const at::Tensor joined = seams.add(at::randn({2, kLength}), 0, std::nullopt);
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(joined.narrow(1, i * kLength / 4, kLength / 4).square().mean().item<double>(), 1, 0.05);
  }
}

TEST(SoundSeams, AllowForASampleMoreOrLess) {
  SoundSeams seams;
  EXPECT_EQ(seams.add(at::ones({2, 100}), 0, 81).size(1), 81);
  EXPECT_EQ(seams.add(at::ones({2, 10}), 81, std::nullopt).size(1), 10) << "shorter than the overlap";
}

}  // namespace
}  // namespace orrery
