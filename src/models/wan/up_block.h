#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "io/checkpoint/weights.h"
#include "models/wan/blocks.h"
#include "models/wan/layers.h"
#include "models/wan/padded_frames.h"

namespace orrery {

// How a decoder block enlarges its input.
enum class Growth { None, Space, SpaceAndTime };

// Twice the height and width; with time, twice the frames too, but for the first latent frame.
class Upsampler {
 public:
  Upsampler(const Weights& w, std::int64_t channels, Growth growth);
  // y (1, C, T, H, W) enlarged, plus the block's input x (1, in, T, H, W), which is laid out over the larger picture. y
  // is let go once it is read.
  at::Tensor operator()(at::Tensor y, const at::Tensor& x, FrameHistory& history) const;

 private:
  // The frames that are doubled in space, as the convolution sees them.
  at::Tensor frames(const at::Tensor& y, FrameHistory& history) const;

  std::optional<CausalConv> time_conv_;
  DoublingConv conv_;
};

// Residual blocks, then the upsampler with its shortcut.
class UpBlock {
 public:
  UpBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t res_blocks, Growth growth);
  // (1, in, T, H, W) -> (1, out, T', H', W'), where T' = 2T (T for the first latent frame), H' = 2H, W' = 2W as
  // `growth` says.
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;

 private:
  std::vector<ResidualBlock> resnets_;
  std::optional<Upsampler> upsampler_;
};

}  // namespace orrery
