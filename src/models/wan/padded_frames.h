#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <unordered_map>

#include "models/wan/strip.h"

namespace orrery {

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
