#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <unordered_map>

namespace orrery {

// What one pass over a video remembers from latent frame to latent frame: the last input frames of each causal
// convolution. Its size is that of a frame's activations, however long the clip is.
class FrameHistory {
 public:
  // x (1, C, T, H, W) with the last `frames` frames that `layer` saw in front: (1, C, T + frames, H, W); zeros before
  // the first. `layer` is any address that stands for the layer, always with the same `frames`.
  at::Tensor extend(const void* layer, const at::Tensor& x, std::int64_t frames = 2);
  // `layer` saw x (T ≥ frames), and needs nothing in front of it.
  void remember(const void* layer, const at::Tensor& x, std::int64_t frames);

  bool at_first_frame() const { return at_first_frame_; }
  // Called once a latent frame has gone through all layers.
  void advance() { at_first_frame_ = false; }

 private:
  bool at_first_frame_ = true;
  std::unordered_map<const void*, at::Tensor> contexts_;
};

}  // namespace orrery
