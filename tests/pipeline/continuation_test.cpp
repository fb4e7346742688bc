// The beginning of a clip that goes on from another one's pixels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "io/checkpoint/safetensors_files.h"
#include "pipeline/condition.h"
#include "pipeline/given_pixels.h"
#include "support/golden.h"
#include "support/test_device.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double kPixelTolerance = 2e-3;
constexpr double kLatentTolerance = 1e-3;  // relative to the largest value

WanEncoder encoder() {
  const std::filesystem::path vae = golden_checkpoint("modes") / "vae";
  return {Weights(std::make_shared<ShardedCheckpoint>(vae), Shard{}, test_device(), at::kFloat),
          read_wan_config(vae / "config.json")};
}

double relative(const at::Tensor& found, const at::Tensor& expected) {
  return max_abs(found, expected) / expected.abs().max().item<double>();
}

// A clip of pixels (3, n, H, W).
PixelFrames frames_in(const at::Tensor& pixels) {
  return [pixels, next = std::int64_t{0}](std::int64_t count) mutable {
    next += count;
    return pixels.narrow(1, next - count, count);
  };
}

// Bytes (n, H, W, 3) as frames in [-1, 1].
at::Tensor frames_of(const at::Tensor& bytes) { return bytes.to(at::kFloat).div(127.5).sub(1); }

class Frames : public testing::TestWithParam<int> {};

TEST_P(Frames, AreFittedAndEncodedAsTheReferenceDoes) {
  const Golden golden = Golden::load_case("modes/frames");
  const std::string name = "v2v" + std::to_string(GetParam());
  const at::Tensor native = golden[name + "_native"][0];  // (3, n, H, W)
  const at::Tensor source = frames_of(golden[name + "_source"]);
  const at::Tensor fitted = clip_pixels(source, source.size(0), native.size(2), native.size(3));
  EXPECT_LE(max_abs(fitted, native), kPixelTolerance);
  const at::Tensor latent = golden[name + "_latent"][0];
  const std::int64_t count = (latent.size(1) - 1) * 4 + 1;
  const at::Tensor pixels = clip_pixels(source, count, native.size(2), native.size(3));
  std::vector<std::int64_t> all;
  for (std::int64_t frame = 0; frame < latent.size(1); ++frame) all.push_back(frame);
  EXPECT_LE(relative(encode_frames(encoder(), frames_in(pixels), all, test_device()), latent), kLatentTolerance);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Frames, testing::Range(0, 4));

TEST(Continuation, OfTheLastFramesIsTheReferences) {
  const Golden golden = Golden::load_case("modes/v2v_last");
  const at::Tensor clip = golden["clip_frames"];
  const at::Tensor last = frames_of(clip.narrow(0, clip.size(0) - 5, 5));
  const at::Tensor pixels = clip_pixels(last, 5, 64, 64);
  EXPECT_LE(max_abs(pixels, golden["cond_pixels"][0]), kPixelTolerance);
  EXPECT_LE(relative(encode_frames(encoder(), frames_in(pixels), {0, 1}, test_device()), golden["cond_latent"][0]),
            kLatentTolerance);
}

TEST(Continuation, ALatentFrameThatIsNotGivenIsLeftOut) {
  const at::Tensor pixels = at::arange(3 * 9 * 32 * 32, at::kFloat).sin().view({3, 9, 32, 32});
  const WanEncoder encode = encoder();
  const at::Tensor all = encode_frames(encode, frames_in(pixels), {0, 1, 2}, test_device());
  const at::Tensor some = encode_frames(encode, frames_in(pixels), {0, 2}, test_device());
  EXPECT_TRUE(at::equal(some.select(1, 0), all.select(1, 0)));
  EXPECT_TRUE(at::equal(some.select(1, 1), all.select(1, 2)));
}

TEST(Continuation, WantsThePixelsOfItsLatentFrames) {
  EXPECT_EQ(pixel_frames_for({0}), 1);
  EXPECT_EQ(pixel_frames_for({0, 1}), 5);
  EXPECT_EQ(pixel_frames_for({0, 2}), 9);
}

TEST(Continuation, AShortClipStandsStillAtItsEnd) {
  const at::Tensor frames = at::arange(2 * 3 * 4 * 4, at::kFloat).view({2, 4, 4, 3});
  const at::Tensor clip = clip_pixels(frames, 5, 4, 4);
  ASSERT_EQ(clip.sizes(), (std::vector<std::int64_t>{3, 5, 4, 4}));
  EXPECT_TRUE(at::equal(clip.select(1, 0), frames[0].permute({2, 0, 1})));
  for (std::int64_t t = 1; t < 5; ++t) EXPECT_TRUE(at::equal(clip.select(1, t), frames[1].permute({2, 0, 1})));
}

TEST(Continuation, NeedsAVideo) {
  EXPECT_THAT([] { last_frames_of("nowhere.mp4", 5, 32, 32); }, ThrowsMessage<InputError>(HasSubstr("nowhere.mp4")));
}

}  // namespace
}  // namespace orrery
