#include "models/wan/tiles.h"

#include <algorithm>
#include <vector>

#include "models/wan/config.h"

namespace orrery {
namespace {

constexpr std::int64_t kOverlap = 2;  // cells to each side
constexpr std::int64_t kScale = WanConfig::kSpatialFactor;
constexpr std::int64_t kFade = kOverlap * kScale + 1;  // pixels until a tile counts in full

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
