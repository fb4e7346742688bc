#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "models/wan/strip.h"

namespace orrery {

// How far a convolution sees beyond the frames and pixels that it makes.
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

}  // namespace orrery
