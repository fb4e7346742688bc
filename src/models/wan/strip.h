#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "base/core/shard.h"
#include "base/parallel/collectives.h"

namespace orrery {

// One rank's part of a picture that a group of ranks shares out in strips across its longer side, in rank order, of
// sizes that differ by one latent cell at most. Neighbours hold neighbouring strips, at every level of the VAE.
class Strip {
 public:
  // The whole picture: nothing is exchanged.
  Strip() = default;
  // This rank's strip of a picture of height × width latent cells, whose longer side has at least a cell for each rank.
  // `group` must outlive the object.
  Strip(std::int64_t height, std::int64_t width, Collectives& group);

  // The dimension that is cut, of (1, C, T, H, W).
  int dim() const { return dim_; }
  // Rank `rank`'s cells.
  Range cells_of(int rank) const;
  // This rank's part of the whole `picture` (…, H, W), which has `scale` pixels along each side of a latent cell.
  at::Tensor of(const at::Tensor& picture, std::int64_t scale = 1) const;

  // Fills the halo of `padded` (1, C, T, H, W) with the neighbours' lines: `before` lines above this strip (or to its
  // left) and `after` lines below (or to its right), 0 or 1 each. At the picture's edges they stay as they are.
  // Collective.
  void fill_halo(const at::Tensor& padded, std::int64_t before, std::int64_t after) const;

  // All-gathers x (T, P, C) over the strips: P positions of this strip become all positions of the picture, in an order
  // that is the same for every frame. Collective.
  at::Tensor gather_positions(const at::Tensor& x) const;

 private:
  Collectives* group_ = nullptr;  // null: alone
  int dim_ = 3;
  std::int64_t extent_ = 0;  // cells along dim_
};

// The number of ranks that strips of a picture of height × width latent cells can keep busy, at most `ranks`.
int strip_ranks(std::int64_t height, std::int64_t width, int ranks);

}  // namespace orrery
