#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "io/checkpoint/weights.h"
#include "models/wan/blocks.h"
#include "models/wan/config.h"
#include "models/wan/frame_history.h"
#include "models/wan/layers.h"

namespace orrery {

// How an encoder block reduces its input.
enum class Shrink { None, Space, SpaceAndTime };

// The shortcut of a DownBlock: each output channel is the average of a group of the input's (channel, frame, row,
// column) cells.
class CellAverage {
 public:
  // Throws InputError when the input's cells cannot be divided into `out` equal groups.
  CellAverage(std::int64_t in, std::int64_t out, Shrink shrink);
  // (1, in, T, H, W) -> (1, out, T', H', W'). With SpaceAndTime and odd T, a zero frame is put before the first one.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::int64_t out_;
  std::int64_t time_;   // frames per cell
  std::int64_t space_;  // rows and columns per cell
};

// Halves height and width, and with SpaceAndTime the frames too, except the first latent frame's.
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
  // (1, in, T, H, W) -> (1, out, T', H', W'), where H' = H/2 and W' = W/2 unless `shrink` is None, and T' = T/2 (1 for
  // the first latent frame) for SpaceAndTime.
  at::Tensor operator()(at::Tensor x, FrameHistory& history) const;

 private:
  CellAverage shortcut_;
  std::vector<ResidualBlock> resnets_;
  std::optional<Downsampler> downsampler_;
};

// The encoder of the WAN 2.2 residual VAE (MODEL.md §6): the mean of its distribution, normalised. It computes in the
// dtype of the weights, but norms and the latent's scaling in float32. Ranks that hold strips of the picture encode
// together.
class WanEncoder {
 public:
  // `vae` is the root of vae/. Marks the decoder's tensors as not needed. An encoder and a decoder may share a source,
  // but each needs its own Weights so that audits find unknown tensors of each half.
  WanEncoder(const Weights& vae, const WanConfig& config);

  // Encodes a clip (3, 4k + 1, H, W) in [-1, 1], H and W multiples of 16, any dtype and device, to the strip's part of
  // its latent (C, k + 1, H/16, W/16), float32. Apart from the clip and its latent, memory does not grow with k. All
  // ranks of the strip's group pass the same whole clip. Collective over them.
  at::Tensor operator()(const at::Tensor& pixels, const Strip& strip = {}) const;

  // Encodes the next pixel frames of a clip to the strip's part of the next latent frame (C, h, w): 1 frame in the
  // first call with a history, 4 in each later call. Collective over the strip's group.
  at::Tensor operator()(const at::Tensor& frames, FrameHistory& history) const;

 private:
  at::ScalarType dtype_;
  LatentScale scale_;
  CausalConv conv_in_;
  std::vector<DownBlock> down_;
  MidBlock mid_;
  ChannelNorm norm_out_;
  CausalConv conv_out_;
  PointConv quant_;
};

// Encodes one clip, one latent frame after another. `encoder` must outlive the stream and must not be moved.
class WanEncodeStream {
 public:
  // Encodes this rank's strip of the clip.
  explicit WanEncodeStream(const WanEncoder& encoder, const Strip& strip = {}) : encoder_(encoder), history_(strip) {}
  // The number of pixel frames that next() takes.
  std::int64_t frames_wanted() const { return history_.at_first_frame() ? 1 : WanConfig::kTemporalFactor; }
  // The latent of the next frames, as WanEncoder returns it. Collective over the strip's ranks.
  at::Tensor next(const at::Tensor& frames) { return encoder_(frames, history_); }

 private:
  const WanEncoder& encoder_;
  FrameHistory history_;
};

}  // namespace orrery
