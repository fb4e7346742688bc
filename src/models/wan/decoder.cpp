#include "models/wan/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "models/kernels/pixel_sums.h"
#include "models/nn/phase.h"
#include "models/wan/config.h"
#include "models/wan/layers.h"

namespace orrery {
namespace {

std::int64_t widest_decoded(const WanConfig& c) { return c.decoder_base_dim * c.dim_mult.back(); }

// The decoder's blocks in order. The checkpoint lists widths from the pixels inwards, and the decoder runs outwards.
std::vector<UpBlock> make_up_blocks(const Weights& w, const WanConfig& c) {
  const std::size_t count = c.dim_mult.size();
  std::vector<UpBlock> blocks;
  blocks.reserve(count);
  std::int64_t in = widest_decoded(c);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t level = count - 1 - i;
    const std::int64_t out = c.decoder_base_dim * c.dim_mult[level];
    Growth growth = Growth::None;
    if (level > 0) growth = c.temporal_downsample[level - 1] ? Growth::SpaceAndTime : Growth::Space;
    blocks.emplace_back(w / static_cast<std::int64_t>(i), in, out, c.num_res_blocks + 1, growth);
    in = out;
  }
  return blocks;
}

constexpr std::int64_t kOverlap = 2;  // latent cells on each side
constexpr std::int64_t kScale = WanConfig::kSpatialFactor;
constexpr std::int64_t kFade = kOverlap * kScale + 1;  // pixels from a tile's edge to full weight

Range with_overlap(std::int64_t index, std::int64_t count, std::int64_t extent) {
  const std::int64_t begin = std::max<std::int64_t>(index * extent / count - kOverlap, 0);
  return {begin, std::min((index + 1) * extent / count + kOverlap, extent) - begin};
}

at::Tensor ramp(std::int64_t length, at::Device device) {
  const at::Tensor position = at::arange(length, at::TensorOptions(device).dtype(at::kFloat));
  return at::minimum(position + 1, length - position).div_(static_cast<double>(kFade)).clamp_max_(1);
}

at::Tensor cut(const at::Tensor& picture, const Tile& tile, std::int64_t scale) {
  return picture.narrow(-2, tile.rows.begin * scale, tile.rows.size * scale)
      .narrow(-1, tile.columns.begin * scale, tile.columns.size * scale);
}

}  // namespace

Upsampler::Upsampler(const Weights& w, std::int64_t channels, Growth growth) : conv_(w / "resample" / 1, channels) {
  if (growth == Growth::SpaceAndTime) {
    time_conv_.emplace(w / "time_conv", channels, 2 * channels, CausalConv::Kernel::TimeOnly);
  }
}

at::Tensor Upsampler::frames(const at::Tensor& y, FrameHistory& history) const {
  // The first latent frame becomes one pixel frame and does not pass through time_conv, in whose history it counts as
  // zeros.
  const bool grows = time_conv_ && !history.at_first_frame();
  const at::Tensor made = grows ? (*time_conv_)(y, history) : y;
  const at::Tensor room = conv_.room({1, y.size(1), y.size(2) * (grows ? 2 : 1), y.size(3), y.size(4)}, history);
  phase("frames", [&] {
    if (!grows) {
      room.copy_(made);
      return;
    }
    // Frame 2k comes from the first half of the channels, frame 2k + 1 from the second half.
    for (std::int64_t half = 0; half < 2; ++half) {
      room.slice(2, half, c10::nullopt, 2).copy_(made.narrow(1, half * y.size(1), y.size(1)));
    }
  });
  return conv_.whole(history);
}

at::Tensor Upsampler::operator()(at::Tensor y, const at::Tensor& x, FrameHistory& history) const {
  const at::Tensor small = frames(y, history);
  const at::Tensor large =
      at::empty({1, small.size(2), 2 * y.size(3), 2 * y.size(4), y.size(1)}, y.options()).permute({0, 4, 1, 2, 3});
  y.reset();  // freed before the loop, whose two parts then need no more memory
  GrownRow grown{.time = time_conv_ ? 2 : 1, .first = history.at_first_frame()};
  for (grown.row = 0; grown.row < 2; ++grown.row) {
    const Convolved left = conv_(small, grown.row, 0), right = conv_(small, grown.row, 1);
    const at::Tensor rows = large.slice(3, grown.row, c10::nullopt, 2);
    phase("shortcut", [&] { add_repeated({left.x, right.x}, left.bias, x, grown, rows); });
  }
  return large;
}

UpBlock::UpBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t res_blocks, Growth growth) {
  for (std::int64_t i = 0; i < res_blocks; ++i) resnets_.emplace_back(w / "resnets" / i, i == 0 ? in : out, out);
  if (growth != Growth::None) upsampler_.emplace(w / "upsampler", out, growth);
}

at::Tensor UpBlock::operator()(const at::Tensor& x, FrameHistory& history) const {
  at::Tensor y = x;
  for (const ResidualBlock& resnet : resnets_) y = resnet(y, history);
  return upsampler_ ? (*upsampler_)(std::move(y), x, history) : y;
}

WanDecoder::WanDecoder(const Weights& vae, const WanConfig& c)
    : dtype_(vae.dtype()),
      scale_(c, vae.device()),
      post_quant_(vae / "post_quant_conv", c.z_dim, c.z_dim),
      conv_in_(vae / "decoder" / "conv_in", c.z_dim, widest_decoded(c)),
      mid_(vae / "decoder" / "mid_block", widest_decoded(c)),
      up_(make_up_blocks(vae / "decoder" / "up_blocks", c)),
      norm_out_(vae / "decoder" / "norm_out", c.decoder_base_dim * c.dim_mult.front()),
      conv_out_(vae / "decoder" / "conv_out", c.decoder_base_dim * c.dim_mult.front(), WanConfig::kPatchChannels) {
  vae.ignore("encoder.");
  vae.ignore("quant_conv.");
}

at::Tensor WanDecoder::operator()(const at::Tensor& latent_frame, FrameHistory& history) const {
  require(latent_frame.dim() == 3 && latent_frame.size(0) == scale_.channels(),
          fmt::format("the decoder takes latent frames ({}, h, w)", scale_.channels()));
  const at::Tensor z = scale_.restore(history.strip().of(latent_frame)).to(dtype_).unsqueeze(1).unsqueeze(0);
  at::Tensor x = conv_in_(post_quant_(z), history);
  x = phase("middle", [&] { return mid_(x, history); });
  for (std::size_t i = 0; i < up_.size(); ++i) {
    x = phase(fmt::format("up block {}", i).c_str(), [&] { return up_[i](x, history); });
  }
  const Convolved y = conv_out_(norm_out_, {x, {}}, history);
  history.advance();
  return phase("pixels", [&] { return channels_to_pixels(with_bias(y)).to(at::kFloat).clamp_(-1, 1); });
}

Tile tile_of(Shard rank, std::int64_t height, std::int64_t width) {
  int rows = 1;
  for (int divisor = 2; divisor * divisor <= rank.size; ++divisor) {
    if (rank.size % divisor == 0) rows = divisor;
  }
  const int columns = rank.size / rows;
  return {with_overlap(rank.rank / columns, rows, height), with_overlap(rank.rank % columns, columns, width)};
}

at::Tensor feather(std::int64_t height, std::int64_t width, at::Device device) {
  return ramp(height, device).unsqueeze(1) * ramp(width, device);
}

TiledDecode::TiledDecode(const WanDecoder& decoder, std::int64_t height, std::int64_t width, Collectives& group)
    : stream_(decoder), height_(height), width_(width), group_(group) {}

at::Tensor TiledDecode::next(const at::Tensor& latent_frame) {
  const at::Tensor pixels = stream_.next(cut(latent_frame, tile_of(group_.shard(), height_, width_), 1));
  const std::vector<at::Tensor> tiles = group_.gather_to_root(pixels.flatten());
  return group_.shard().rank == 0 ? blend(tiles, pixels.size(1), pixels.device()) : at::Tensor();
}

at::Tensor TiledDecode::blend(const std::vector<at::Tensor>& tiles, std::int64_t frames, at::Device device) const {
  const at::TensorOptions options = at::TensorOptions(device).dtype(at::kFloat);
  const at::Tensor sum = at::zeros({3, frames, height_ * kScale, width_ * kScale}, options);
  const at::Tensor weights = at::zeros({height_ * kScale, width_ * kScale}, options);
  for (std::size_t rank = 0; rank < tiles.size(); ++rank) {
    const Tile tile = tile_of({static_cast<int>(rank), group_.shard().size}, height_, width_);
    const std::int64_t rows = tile.rows.size * kScale, columns = tile.columns.size * kScale;
    const at::Tensor weight = feather(rows, columns, device);
    cut(sum, tile, kScale).add_(tiles[rank].view({3, frames, rows, columns}) * weight);
    cut(weights, tile, kScale).add_(weight);
  }
  return sum.div_(weights);
}

}  // namespace orrery
