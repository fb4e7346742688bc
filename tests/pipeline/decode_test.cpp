#include "pipeline/decode.h"

#include <gtest/gtest.h>

#include "checkpoint/sharded_checkpoint.h"
#include "support/golden.h"

namespace orrery {
namespace {

TEST(Rgb8, RoundsToNearestAndPutsColoursLast) {
  at::Tensor pixels = at::zeros({3, 1, 1, 2});
  pixels[0][0][0][0] = -1;
  pixels[1][0][0][0] = 1;
  pixels[2][0][0][0] = 0.0035F;  // 127.946
  const at::Tensor bytes = to_rgb8(pixels);
  ASSERT_EQ(bytes.sizes(), (std::vector<std::int64_t>{1, 1, 2, 3}));
  EXPECT_EQ(bytes[0][0][0][0].item<int>(), 0);
  EXPECT_EQ(bytes[0][0][0][1].item<int>(), 255);
  EXPECT_EQ(bytes[0][0][0][2].item<int>(), 128);
}

TEST(DecodeVideo, HandsOverEveryFrameOfTheReference) {
  const Golden golden = Golden::load_case("tiny/t2v");
  const std::filesystem::path vae = golden_checkpoint("tiny") / "vae";
  const WanDecoder decoder(Weights(std::make_shared<ShardedCheckpoint>(vae), Shard{}, at::kCPU, at::kFloat),
                           read_wan_config(vae / "config.json"));
  const at::Tensor expected = golden["pixels"].squeeze(0);  // (3, frames, H, W) in [0, 1]
  std::int64_t frame = 0;
  decode_video(decoder, golden["final_video_latent"].squeeze(0), [&](std::span<const std::uint8_t> rgb) {
    const at::Tensor bytes = at::tensor(at::ArrayRef<std::uint8_t>(rgb.data(), rgb.size()), at::kByte)
                                 .view({expected.size(2), expected.size(3), 3});
    const at::Tensor wanted = expected.select(1, frame).permute({1, 2, 0}) * 255;
    EXPECT_LE(max_abs(bytes, wanted), 0.5 + 2e-3 * 255) << "frame " << frame;
    ++frame;
  });
  EXPECT_EQ(frame, expected.size(1));
}

}  // namespace
}  // namespace orrery
