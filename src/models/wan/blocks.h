#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "io/checkpoint/weights.h"
#include "models/wan/frame_history.h"
#include "models/wan/layers.h"

namespace orrery {

// norm, SiLU, conv, norm, SiLU, conv, plus the input, which a 1×1×1 convolution maps to `out` channels if in ≠ out.
class ResidualBlock {
 public:
  ResidualBlock(const Weights& w, std::int64_t in, std::int64_t out);
  // (1, in, T, H, W) -> (1, out, T, H, W).
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;

 private:
  ChannelNorm norm1_;
  CausalConv conv1_;
  ChannelNorm norm2_;
  CausalConv conv2_;
  std::optional<PointConv> shortcut_;
};

// Self-attention over all positions of each frame, with one head of all channels, plus the input. Collective over the
// strip's ranks.
class FrameAttention {
 public:
  FrameAttention(const Weights& w, std::int64_t channels);
  at::Tensor operator()(const at::Tensor& x, const Strip& strip) const;

 private:
  ChannelNorm norm_;
  at::Tensor qkv_weight_, qkv_bias_;
  at::Tensor proj_weight_, proj_bias_;
};

// Residual block, attention, residual block.
class MidBlock {
 public:
  MidBlock(const Weights& w, std::int64_t channels);
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;

 private:
  ResidualBlock first_;
  FrameAttention attention_;
  ResidualBlock second_;
};

}  // namespace orrery
