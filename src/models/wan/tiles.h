#pragma once

#include <ATen/ATen.h>

#include "base/core/shard.h"
#include "base/parallel/collectives.h"
#include "models/wan/decoder.h"

namespace orrery {

// The seed system's parallel decode (MODEL.md §6), for comparison: each rank decodes a tile of the picture as if there
// were nothing else, and overlapping edges are blended. An approximation, whose pixels depend on the number of ranks.

// A tile in latent cells, with the margins that overlap its neighbours.
struct Tile {
  Range rows;
  Range columns;
};

// The tile of `rank` of a picture of height × width latent cells: the ranks make a grid near to a square, row by row.
Tile tile_of(Shard rank, std::int64_t height, std::int64_t width);

// The blending weight of each pixel of a tile of height × width pixels, float32.
at::Tensor feather(std::int64_t height, std::int64_t width, at::Device device);

// Decodes one video, a latent frame at a time, on all ranks of a group.
class TiledDecode {
 public:
  // Pictures have height × width latent cells. `decoder` and `group` must outlive the object.
  TiledDecode(const WanDecoder& decoder, std::int64_t height, std::int64_t width, Collectives& group);
  // The pixels of the next latent frame (C, h, w), as WanDecoder says, on rank 0; undefined elsewhere. Collective.
  at::Tensor next(const at::Tensor& latent_frame);

 private:
  at::Tensor blend(const std::vector<at::Tensor>& tiles, std::int64_t frames, at::Device device) const;

  WanDecodeStream stream_;
  std::int64_t height_;
  std::int64_t width_;
  Collectives& group_;
};

}  // namespace orrery
