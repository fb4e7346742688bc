#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <unordered_map>

#include "base/core/shard.h"
#include "base/parallel/collectives.h"

namespace orrery {

// One rank's part of a picture that a group of ranks splits into strips along its longer side, in rank order. Sizes
// differ by at most one latent cell. Neighbouring ranks hold neighbouring strips at every level of the VAE.
class Strip {
 public:
  // The whole picture on this rank, without communication.
  Strip() = default;
  // This rank's strip of a picture of height × width latent cells, whose longer side has at least one cell for each
  // rank. `group` must outlive the object.
  Strip(std::int64_t height, std::int64_t width, Collectives& group);

  // The split dimension of (1, C, T, H, W).
  int dim() const { return dim_; }
  // The latent cells of rank `rank`.
  Range cells_of(int rank) const;
  // This rank's part of the whole `picture` (…, H, W) at a resolution of scale × scale pixels per latent cell.
  at::Tensor of(const at::Tensor& picture, std::int64_t scale = 1) const;

  // Fills the halo of `padded` (1, C, T, H, W) with the neighbours' lines: `before` lines above this strip (or to its
  // left) and `after` lines below (or to its right), 0 or 1 each. At the picture's edges the lines are left unchanged.
  // Collective.
  void fill_halo(const at::Tensor& padded, std::int64_t before, std::int64_t after) const;

  // All-gathers x (T, P, C) over the strips: P positions of this strip become all positions of the picture, in an order
  // that is the same for every frame. Collective.
  at::Tensor gather_positions(const at::Tensor& x) const;

 private:
  Collectives* group_ = nullptr;  // null: a group of one
  int dim_ = 3;
  std::int64_t extent_ = 0;  // cells along dim_
};

// How many of `ranks` ranks can get a strip of a picture of height × width latent cells.
int strip_ranks(std::int64_t height, std::int64_t width, int ranks);

// How far a convolution reads beyond the frames and pixels of its output.
struct Reach {
  std::int64_t past = 0;    // frames before the first
  std::int64_t before = 0;  // rows above and columns to the left
  std::int64_t after = 0;   // rows below and columns to the right
};

// The padded input of one convolution, in its own memory: in front the last frames of the previous call (zeros before
// the clip's first frame), around the picture zeros or the halo from neighbouring strips. Frames are written and
// convolved in place; only those that the next call needs are moved.
class PaddedFrames {
 public:
  explicit PaddedFrames(const Reach& reach) : reach_(reach) {}

  // A view (1, C, T, H, W), channels last, into which the caller writes all next frames. H and W must be the same in
  // all calls.
  at::Tensor room(at::IntArrayRef sizes, const at::TensorOptions& options);
  // The padded input (1, C, past + T, before + H + after, before + W + after), channels last. Call it once the room is
  // filled. Collective over the strip's ranks.
  at::Tensor whole(const Strip& strip) const;
  // Keeps the last `past` frames for the next call. Invalidates the result of whole().
  void keep();

 private:
  void reserve(at::IntArrayRef sizes, const at::TensorOptions& options);

  Reach reach_;
  at::Tensor buffer_;        // like whole(), with room for the largest number of frames so far
  std::int64_t frames_ = 0;  // frames in use, including past ones
};

// State of one pass over a video, latent frame by latent frame: this rank's strip, and each convolution's padded input
// with the frames that it remembers. Its memory is that of one latent frame's activations, however long the clip is.
class FrameHistory {
 public:
  explicit FrameHistory(const Strip& strip = {}) : strip_(strip) {}

  // The padded input of a layer, which is identified by any address unique to it. `reach` must be the same in all calls
  // for a layer.
  PaddedFrames& input_of(const void* layer, const Reach& reach) {
    return inputs_.try_emplace(layer, reach).first->second;
  }
  const Strip& strip() const { return strip_; }

  bool at_first_frame() const { return at_first_frame_; }
  // Call it when a latent frame has passed through all layers.
  void advance() { at_first_frame_ = false; }

 private:
  Strip strip_;
  bool at_first_frame_ = true;
  std::unordered_map<const void*, PaddedFrames> inputs_;
};

}  // namespace orrery
