// A video decoded by all ranks of a run, however they share it: bytes on rank 0.
#include "pipeline/video_decode.h"

#include <gtest/gtest.h>

#include <optional>

#include "io/checkpoint/safetensors_files.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {
namespace {

TEST(Rgb8, RoundsToNearestAndPutsColoursLast) {
  at::Tensor pixels = at::zeros({3, 1, 1, 2});
  pixels[0][0][0][0] = -1;
  pixels[1][0][0][0] = 1;
  pixels[2][0][0][0] = 0.0035F;  // 127.946
  const at::Tensor bytes = to_frames(pixels.to(test_device()), FrameType::Bytes).cpu();
  ASSERT_EQ(bytes.sizes(), (std::vector<std::int64_t>{1, 1, 2, 3}));
  EXPECT_EQ(bytes[0][0][0][0].item<int>(), 0);
  EXPECT_EQ(bytes[0][0][0][1].item<int>(), 255);
  EXPECT_EQ(bytes[0][0][0][2].item<int>(), 128);
}

std::optional<WanDecoder> decoder_where(bool wanted) {
  if (!wanted) return std::nullopt;
  const std::filesystem::path vae = golden_checkpoint("tiny") / "vae";
  return WanDecoder(Weights(std::make_shared<ShardedCheckpoint>(vae), Shard{}, test_device(), at::kFloat),
                    read_wan_config(vae / "config.json"));
}

// (C, t, h, w) to bytes (frames, H, W, 3) on rank 0's host.
at::Tensor decode(VaeSplit split, DecodeRanks& ranks, const at::Tensor& latent) {
  const bool root = mpi_world().is_root();
  const std::optional<WanDecoder> decoder = decoder_where(root || split != VaeSplit::None);
  const auto video = start_decode(split, decoder ? &*decoder : nullptr, ranks, latent.size(2), latent.size(3));
  FrameDownload download;
  std::vector<at::Tensor> frames;
  for (std::int64_t t = 0; t <= latent.size(1); ++t) {
    const at::Tensor bytes = t < latent.size(1) ? video->next(latent.select(1, t)) : at::Tensor();
    EXPECT_TRUE(root || !bytes.defined());
    const at::Tensor host = download.next(bytes);
    if (host.defined()) frames.push_back(host.clone());
  }
  return root ? at::cat(frames, 0) : at::Tensor();
}

class Splits : public testing::TestWithParam<VaeSplit> {};

TEST_P(Splits, GiveTheReferencesBytesInOrder) {
  DecodeRanks ranks(mpi_world(), test_device());
  for (const char* name : {"tiny/t2v", "tiny/odd_grid_karras_nocfg", "tiny/single_frame"}) {
    const Golden golden = Golden::load_case(name);
    const at::Tensor bytes = decode(GetParam(), ranks, golden["final_video_latent"][0]);
    if (!mpi_world().is_root()) continue;
    const at::Tensor expected = golden["pixels"][0].permute({1, 2, 3, 0}) * 255;  // of [0, 1]
    ASSERT_EQ(bytes.sizes(), expected.sizes()) << name;
    EXPECT_LE(max_abs(bytes, expected), 0.5 + 2e-3 * 255) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Exactly, Splits, testing::Values(VaeSplit::Exact, VaeSplit::None));

TEST(Splits, TilesAreCloseAndComplete) {
  DecodeRanks ranks(mpi_world(), test_device());
  const Golden golden = Golden::load_case("tiny/t2v");
  const at::Tensor bytes = decode(VaeSplit::Tiles, ranks, golden["final_video_latent"][0]);
  if (!mpi_world().is_root()) return;
  const at::Tensor expected = golden["pixels"][0].permute({1, 2, 3, 0}) * 255;
  ASSERT_EQ(bytes.sizes(), expected.sizes());
  EXPECT_EQ(relative_rms(bytes, expected) < 0.01, mpi_world().shard().size == 1) << "tiles change pixels";
  EXPECT_LT(relative_rms(bytes, expected), 0.3);
}

TEST(DecodeRanks, KeepAGroupUntilAnotherIsAskedFor) {
  DecodeRanks ranks(mpi_world(), test_device());
  const auto [rank, size] = mpi_world().shard();
  Collectives* const all = ranks.first(size);
  EXPECT_EQ(all->shard(), mpi_world().shard());
  EXPECT_EQ(ranks.first(size), all);
  const Collectives* const one = ranks.first(1);
  EXPECT_EQ(one != nullptr, rank == 0);
  EXPECT_EQ(ranks.first(size)->shard(), mpi_world().shard());
}

}  // namespace
}  // namespace orrery
