#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <unordered_map>

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

// How far a convolution reads beyond the frames and pixels of its output.
struct Reach {
  std::int64_t past = 0;    // frames before the first
  std::int64_t before = 0;  // rows above and columns to the left
  std::int64_t after = 0;   // rows below and columns to the right
};

// The input of one convolution, in memory of its own: with the last frames that it saw in front, zeros before the
// clip's first, and around the picture what it needs there, zeros or the neighbours' pixels. It is written in place and
// convolved in place; only the frames that the next call needs are ever moved.
class PaddedFrames {
 public:
  explicit PaddedFrames(const Reach& reach) : reach_(reach) {}

  // Where the next frames go: a view (1, C, T, H, W), neighbours in channel adjacent; the caller fills all of it. H and
  // W are the same in all calls.
  at::Tensor room(at::IntArrayRef sizes, const at::TensorOptions& options);
  // (1, C, past + T, before + H + after, before + W + after), channels last, once the room is filled. Collective over
  // the strip's ranks.
  at::Tensor whole(const Strip& strip) const;
  // Keeps the last `past` frames for the next call. What whole() gave is not valid any more.
  void keep();

 private:
  void reserve(at::IntArrayRef sizes, const at::TensorOptions& options);

  Reach reach_;
  at::Tensor buffer_;        // as whole(), with room for the most frames so far
  std::int64_t frames_ = 0;  // in use, past ones included
};

// One pass over a video, latent frame after latent frame: the strip of the picture that this rank sees, and the input
// of each convolution with what it remembers. Its size is that of a latent frame's activations, however long the clip
// is.
class FrameHistory {
 public:
  explicit FrameHistory(const Strip& strip = {}) : strip_(strip) {}

  // The input of a layer, which any address of its own identifies; `reach` is the same in all calls for the layer.
  PaddedFrames& input_of(const void* layer, const Reach& reach) {
    return inputs_.try_emplace(layer, reach).first->second;
  }
  const Strip& strip() const { return strip_; }

  bool at_first_frame() const { return at_first_frame_; }
  // Called once a latent frame has gone through all layers.
  void advance() { at_first_frame_ = false; }

 private:
  Strip strip_;
  bool at_first_frame_ = true;
  std::unordered_map<const void*, PaddedFrames> inputs_;
};

}  // namespace orrery
