#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "io/checkpoint/weights.h"
#include "models/wan/blocks.h"
#include "models/wan/layers.h"
#include "models/wan/padded_frames.h"

namespace orrery {

// How an encoder block reduces its input.
enum class Shrink { None, Space, SpaceAndTime };

// The shortcut: each output channel is the average of a group of the input's (channel, frame, row, column) cells.
class CellAverage {
 public:
  // Throws InputError when the input's cells do not fall into `out` equal groups.
  CellAverage(std::int64_t in, std::int64_t out, Shrink shrink);
  // (1, in, T, H, W) -> (1, out, T', H', W'); zeros before the first frame where T is odd and time shrinks.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::int64_t out_;
  std::int64_t time_;   // frames per cell
  std::int64_t space_;  // rows and columns per cell
};

// Half the height and width; with time, half the frames too, but for the first latent frame.
class Downsampler {
 public:
  Downsampler(const Weights& w, std::int64_t channels, Shrink shrink);
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;

 private:
  SpaceHalvingConv conv_;
  std::optional<TimeHalvingConv> time_conv_;
};

// Residual blocks, then the downsampler, plus the shortcut.
class DownBlock {
 public:
  DownBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t res_blocks, Shrink shrink);
  // (1, in, T, H, W) -> (1, out, T', H', W'), where T' = T/2 (1 for the first latent frame), H' = H/2, W' = W/2 as
  // `shrink` says.
  at::Tensor operator()(at::Tensor x, FrameHistory& history) const;

 private:
  CellAverage shortcut_;
  std::vector<ResidualBlock> resnets_;
  std::optional<Downsampler> downsampler_;
};

}  // namespace orrery
