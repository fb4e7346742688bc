// The seed system's tiles: its own pixels, from as many ranks.
#include <gtest/gtest.h>

#include "base/parallel/rank_groups.h"
#include "io/checkpoint/safetensors_files.h"
#include "models/wan/decoder.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {
namespace {

at::Tensor decode_in_tiles(const std::string& set, const at::Tensor& latent) {
  const std::filesystem::path vae = golden_checkpoint(set) / "vae";
  const WanDecoder decoder(Weights(std::make_shared<ShardedCheckpoint>(vae), Shard{}, test_device(), at::kFloat),
                           read_wan_config(vae / "config.json"));
  const std::unique_ptr<Collectives> group = make_collectives(mpi_world(), test_device());
  TiledDecode tiles(decoder, latent.size(2), latent.size(3), *group);
  std::vector<at::Tensor> frames;
  for (std::int64_t t = 0; t < latent.size(1); ++t) frames.push_back(tiles.next(latent.select(1, t)));
  EXPECT_EQ(frames.front().defined(), mpi_world().is_root());
  return mpi_world().is_root() ? at::cat(frames, 1) : at::Tensor();
}

class Tiles : public testing::TestWithParam<const char*> {};

// The reference has 2, 4 and 8 tiles; one tile is all of the picture.
TEST_P(Tiles, AreTheSeedsPixels) {
  const std::string name = GetParam();
  const Golden golden = Golden::load_case(name);
  const int ranks = mpi_world().shard().size;
  const std::string key = ranks == 1 ? "pixels" : "pixels_tiled_" + std::to_string(ranks);
  const at::Tensor pixels = decode_in_tiles(name.substr(0, name.find('/')), golden["final_video_latent"][0]);
  if (!mpi_world().is_root()) return;
  const double error = max_abs(pixels.add(1).div(2), golden[key][0]);
  RecordProperty("max_abs", std::to_string(error));
  EXPECT_LT(error, test_device().is_cuda() ? 1e-4 : 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Goldens, Tiles, testing::Values("tiny/odd_grid_karras_nocfg", "gqa_native/t2v"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           name[name.find('/')] = '_';
                           return name;
                         });

// By hand: cores of 5 x 7 cells, widened by 2.
TEST(Tile, OfAGridNearToASquare) {
  const auto expect = [](Shard rank, Range rows, Range columns) {
    const Tile tile = tile_of(rank, 5, 7);
    EXPECT_EQ(tile.rows, rows);
    EXPECT_EQ(tile.columns, columns);
  };
  expect({0, 1}, {0, 5}, {0, 7});
  expect({1, 2}, {0, 5}, {1, 6});
  expect({2, 4}, {0, 5}, {0, 5});
  expect({5, 8}, {0, 5}, {0, 5});
  expect({7, 8}, {0, 5}, {3, 4});
  expect({1, 3}, {0, 5}, {0, 6});
}

}  // namespace
}  // namespace orrery
