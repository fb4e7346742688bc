#pragma once

#include <cstdint>
#include <unordered_map>

#include "models/wan/padded_frames.h"
#include "models/wan/strip.h"

namespace orrery {

// One pass over a video, latent frame after latent frame: the strip of the picture that this rank sees, and the input
// of each convolution with what it remembers. Its size is that of a latent frame's activations, however long the clip
// is.
class FrameHistory {
 public:
  explicit FrameHistory(const Strip& strip = {}) : strip_(strip) {}

  // Of `layer`, any address that stands for it, always with the same reach.
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
