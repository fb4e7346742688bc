#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "checkpoint/weights.h"
#include "wan/blocks.h"
#include "wan/history.h"
#include "wan/layers.h"

namespace orrery {

// How a decoder block enlarges its input.
enum class Growth { None, Space, SpaceAndTime };

// Twice the height and width; with time, twice the frames too, but for the first latent frame.
class Upsampler {
 public:
  Upsampler(const Weights& w, std::int64_t channels, Growth growth);
  at::Tensor operator()(at::Tensor x, FrameHistory& history) const;

 private:
  std::optional<CausalConv> time_conv_;
  FrameConv conv_;
};

// Residual blocks, then the upsampler, plus a shortcut that lays the input's channels out over the larger picture.
class UpBlock {
 public:
  UpBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t res_blocks, Growth growth);
  // (1, in, T, H, W) -> (1, out, T', H', W'), where T' = 2T (T for the first latent frame), H' = 2H, W' = 2W as
  // `growth` says.
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;

 private:
  at::Tensor shortcut(const at::Tensor& x, bool first_frame) const;

  std::int64_t out_;
  Growth growth_;
  std::vector<ResidualBlock> resnets_;
  std::optional<Upsampler> upsampler_;
};

}  // namespace orrery
