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
  // All of the picture: nothing is exchanged.
  Strip() = default;
  // Of a picture of height × width latent cells, whose longer side has a cell for each rank at least. `group` must
  // outlive the object.
  Strip(std::int64_t height, std::int64_t width, Collectives& group);

  // The dimension that is cut, of (1, C, T, H, W).
  int dim() const { return dim_; }
  // Rank `rank`'s cells.
  Range cells_of(int rank) const;
  // My part of `picture` (…, H, W), which is the whole and has `scale` places along each side of a latent cell.
  at::Tensor of(const at::Tensor& picture, std::int64_t scale = 1) const;

  // `padded` (1, C, T, H, W) has `before` lines above (or to the left of) my strip and `after` below (to the right):
  // they become the neighbours' lines, 0 or 1 of each; at the picture's edges they stay as they are. Collective.
  void fill_halo(const at::Tensor& padded, std::int64_t before, std::int64_t after) const;

  // x (T, P, C): something of each position of my strip; the same of all positions of the picture, in some order that
  // is the same for every frame. P is lines · across. Collective.
  at::Tensor gather_positions(const at::Tensor& x) const;

 private:
  Collectives* group_ = nullptr;  // null: alone
  int dim_ = 3;
  std::int64_t extent_ = 0;  // cells along dim_
};

// The number of ranks that strips of such a picture can keep busy, at most `ranks`.
int strip_ranks(std::int64_t height, std::int64_t width, int ranks);

}  // namespace orrery
