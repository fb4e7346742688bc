// Ranks that decode or encode strips of a picture make the pixels, or latents, of one rank.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/core/error.h"
#include "base/parallel/rank_groups.h"
#include "io/checkpoint/random_checkpoint.h"
#include "io/checkpoint/safetensors_files.h"
#include "models/wan/decoder.h"
#include "models/wan/encoder.h"
#include "models/wan/frame_history.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Rounding: sums are made in another order. On GPUs float32 convolutions differ more from size to size.
double tolerance() { return test_device().is_cuda() ? 1e-4 : 1e-5; }

// The first ranks of the world, as many as a picture has strips for; the others have nothing to do.
class Strips {
 public:
  Strips(std::int64_t height, std::int64_t width)
      : count_(strip_ranks(height, width, mpi_world().shard().size)),
        comm_(mpi_world().split(mpi_world().shard().rank < count_ ? 0 : 1)),
        group_(make_collectives(comm_, test_device())) {
    if (mine()) strip_ = Strip(height, width, *group_);
  }
  bool mine() const { return mpi_world().shard().rank < count_; }
  const Strip& strip() const { return strip_; }
  // Rank 0 joins the strips x of this picture's (…, H, W).
  at::Tensor join(const at::Tensor& x) const {
    const std::int64_t side = strip_.dim() - 5 + x.dim();
    const std::vector<at::Tensor> all = group_->gather_to_root(x.transpose(0, side).contiguous());
    return all.empty() ? at::Tensor() : at::cat(all, 0).transpose(0, side);
  }

 private:
  int count_;
  Comm comm_;
  std::unique_ptr<Collectives> group_;
  Strip strip_;
};

// (C, t, h, w) -> (3, frames, H, W) on rank 0.
at::Tensor decode_in_strips(const WanDecoder& decoder, const at::Tensor& latent) {
  const Strips strips(latent.size(2), latent.size(3));
  if (!strips.mine()) return {};
  WanDecodeStream stream(decoder, strips.strip());
  std::vector<at::Tensor> frames;
  for (std::int64_t t = 0; t < latent.size(1); ++t) frames.push_back(stream.next(latent.select(1, t)));
  return strips.join(at::cat(frames, 1));
}

at::Tensor decode_alone(const WanDecoder& decoder, const at::Tensor& latent) {
  WanDecodeStream stream(decoder);
  std::vector<at::Tensor> frames;
  for (std::int64_t t = 0; t < latent.size(1); ++t) frames.push_back(stream.next(latent.select(1, t)));
  return at::cat(frames, 1);
}

WanConfig config_of(const std::string& set) { return read_wan_config(golden_checkpoint(set) / "vae" / "config.json"); }

std::shared_ptr<WeightSource> golden_weights(const std::string& set) {
  return std::make_shared<ShardedCheckpoint>(golden_checkpoint(set) / "vae");
}

Weights weights_of(std::shared_ptr<WeightSource> source, at::ScalarType dtype = at::kFloat) {
  return {std::move(source), Shard{}, test_device(), dtype};
}

class InStrips : public testing::TestWithParam<const char*> {};

TEST_P(InStrips, DecodesTheReferencesPixels) {
  const std::string name = GetParam();
  const Golden golden = Golden::load_case(name);
  const std::string set = name.substr(0, name.find('/'));
  const WanDecoder decoder(weights_of(golden_weights(set)), config_of(set));
  const at::Tensor pixels = decode_in_strips(decoder, golden["final_video_latent"][0]);
  if (!mpi_world().is_root()) return;
  const double error = max_abs(pixels.add(1).div(2), golden["pixels"][0]);
  RecordProperty("max_abs", std::to_string(error));
  EXPECT_LT(error, 2 * tolerance());
}

INSTANTIATE_TEST_SUITE_P(Goldens, InStrips,
                         testing::Values("tiny/t2v", "tiny/odd_grid_karras_nocfg", "tiny/single_frame",
                                         "gqa_native/t2v", "gqa_native/i2av"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           name[name.find('/')] = '_';
                           return name;
                         });

// The golden model's tensors with other weights, each tensor of a size of its own.
std::shared_ptr<WeightSource> random_weights(std::uint32_t seed) {
  const ShardedCheckpoint source(golden_checkpoint("gqa_native") / "vae");
  std::mt19937 draw(seed);
  RandomTensors tensors;
  for (const std::string& name : source.names()) {
    const std::vector<std::int64_t> shape = source.find(name)->shape;
    const double size = 0.5 + static_cast<double>(draw() % 1000) / 1000;
    const bool gain = name.find("gamma") != std::string::npos;
    const double inputs = static_cast<double>(c10::multiply_integers(shape)) / static_cast<double>(shape[0]);
    tensors[name] = {shape, gain ? size : 0, gain || shape.size() == 1 ? 0.2 : size / std::sqrt(inputs)};
  }
  return std::make_shared<RandomCheckpoint>("random", tensors);
}

TEST(Strip, DecodesOneRanksPixelsAtAnySize) {
  std::mt19937 draw(20260612);  // the same on all ranks
  for (std::uint32_t round = 0; round < 6; ++round) {
    const WanDecoder decoder(weights_of(random_weights(round)), config_of("gqa_native"));
    const std::int64_t height = 1 + draw() % 7, width = 1 + draw() % 7, frames = 1 + draw() % 3;
    const at::Tensor latent =
        at::randn({8, frames, height, width}, at::make_generator<at::CPUGeneratorImpl>(round), at::kFloat);
    const at::Tensor pixels = decode_in_strips(decoder, latent);
    if (!mpi_world().is_root()) continue;
    EXPECT_LT(max_abs(pixels, decode_alone(decoder, latent)), tolerance()) << frames << "x" << height << "x" << width;
  }
}

// As GPUs decode: what strips round otherwise must stay far below what an 8-bit pixel shows.
TEST(Strip, DecodesOneRanksPixelsInBfloat16) {
  const WanDecoder decoder(weights_of(golden_weights("gqa_native"), at::kBFloat16), config_of("gqa_native"));
  const at::Tensor latent = Golden::load_case("gqa_native/t2v")["final_video_latent"][0];
  const at::Tensor pixels = decode_in_strips(decoder, latent);
  if (!mpi_world().is_root()) return;
  const double mean_square = (pixels - decode_alone(decoder, latent)).square().mean().item<double>();
  const double psnr = 10 * std::log10(4 / std::max(mean_square, 1e-12));  // pixels lie in [-1, 1]
  RecordProperty("psnr", std::to_string(psnr));
  EXPECT_GT(psnr, 60);
}

TEST(Strip, EncodesOneRanksLatents) {
  const WanEncoder encoder(weights_of(golden_weights("tiny")), config_of("tiny"));
  const at::Tensor pixels = Golden::load_case("tiny/i2v")["video_pixels_for_encode"][0];
  const Strips strips(pixels.size(2) / 16, pixels.size(3) / 16);
  if (!strips.mine()) return;
  const at::Tensor latent = strips.join(encoder(pixels, strips.strip()));
  if (!mpi_world().is_root()) return;
  EXPECT_LT(max_abs(latent, encoder(pixels)), tolerance());
}

TEST(Strip, HoldsEveryCellOnce) {
  const std::unique_ptr<Collectives> group = make_collectives(mpi_world(), at::kCPU);
  const int size = mpi_world().shard().size;
  for (std::int64_t extent = size; extent < 3 * size + 2; ++extent) {
    const Strip strip(extent, 1, *group);
    EXPECT_EQ(strip.dim(), 3);
    std::int64_t end = 0;
    for (int rank = 0; rank < size; ++rank) {
      const Range cells = strip.cells_of(rank);
      EXPECT_EQ(cells.begin, end);
      EXPECT_GE(cells.size, extent / size);
      EXPECT_LE(cells.size, extent / size + 1);
      end = cells.end();
    }
    EXPECT_EQ(end, extent);
  }
}

TEST(Strip, CutsTheLongerSideForAsManyRanksAsItHasCells) {
  EXPECT_EQ(strip_ranks(45, 80, 8), 8);
  EXPECT_EQ(strip_ranks(2, 3, 8), 3);
  EXPECT_EQ(strip_ranks(4, 1, 1), 1);
  const int size = mpi_world().shard().size;
  const std::unique_ptr<Collectives> group = make_collectives(mpi_world(), at::kCPU);
  EXPECT_EQ(Strip(size, size + 1, *group).dim(), 4);
  EXPECT_EQ(Strip(size, size, *group).dim(), 3);
  if (size > 1) {
    EXPECT_THAT([&] { Strip(1, size - 1, *group); },
                ThrowsMessage<Error>(HasSubstr("cannot be cut into " + std::to_string(size) + " strips")));
  }
}

}  // namespace
}  // namespace orrery
