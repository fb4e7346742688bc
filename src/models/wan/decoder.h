#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "base/core/shard.h"
#include "base/parallel/collectives.h"
#include "io/checkpoint/weights.h"
#include "models/wan/blocks.h"
#include "models/wan/config.h"
#include "models/wan/frame_history.h"
#include "models/wan/layers.h"

namespace orrery {

// How a decoder block enlarges its input.
enum class Growth { None, Space, SpaceAndTime };

// Doubles height and width, and with SpaceAndTime the frames too, except those of the first latent frame.
class Upsampler {
 public:
  Upsampler(const Weights& w, std::int64_t channels, Growth growth);
  // Returns y (1, C, T, H, W) enlarged, plus the shortcut: the block's input x (1, in, T, H, W), whose channels are
  // spread over the larger picture (pixel shuffle). Frees y once it has been read.
  at::Tensor operator()(at::Tensor y, const at::Tensor& x, FrameHistory& history) const;

 private:
  // The input of the convolution that doubles the picture, with padding: y with the frames already doubled if needed.
  at::Tensor frames(const at::Tensor& y, FrameHistory& history) const;

  std::optional<CausalConv> time_conv_;
  DoublingConv conv_;
};

// Residual blocks, then the upsampler with its shortcut.
class UpBlock {
 public:
  UpBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t res_blocks, Growth growth);
  // (1, in, T, H, W) -> (1, out, T', H', W'), where H' = 2H and W' = 2W unless `growth` is None, and T' = 2T for
  // SpaceAndTime after the first latent frame.
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;

 private:
  std::vector<ResidualBlock> resnets_;
  std::optional<Upsampler> upsampler_;
};

// The decoder of the WAN 2.2 residual VAE (MODEL.md §6): 16 × 16 pixels per latent cell, 4 frames per latent frame. It
// computes in the dtype of the weights, but norms and the latent's scaling in float32. Ranks that hold strips of the
// picture decode together: each makes its own pixels, which equal those of a single rank up to rounding.
class WanDecoder {
 public:
  // `vae` is the root of vae/. Marks the encoder's tensors as not needed.
  WanDecoder(const Weights& vae, const WanConfig& config);

  // Decodes one latent frame (C, h, w), normalised, any dtype and device, to this strip's pixels (3, frames, 16h, 16w)
  // in [-1, 1], float32: 1 frame in the first call with a history, 4 in each later call. All ranks of the strip's group
  // pass the same whole latent frame. Collective over them.
  at::Tensor operator()(const at::Tensor& latent_frame, FrameHistory& history) const;

 private:
  at::ScalarType dtype_;
  LatentScale scale_;
  PointConv post_quant_;
  CausalConv conv_in_;
  MidBlock mid_;
  std::vector<UpBlock> up_;
  ChannelNorm norm_out_;
  CausalConv conv_out_;
};

// Decodes one video, one latent frame after another. `decoder` must outlive the stream and must not be moved.
class WanDecodeStream {
 public:
  // Decodes this rank's strip of the video.
  explicit WanDecodeStream(const WanDecoder& decoder, const Strip& strip = {}) : decoder_(decoder), history_(strip) {}
  // The pixels of the next latent frame, as WanDecoder returns them. Collective over the strip's ranks.
  at::Tensor next(const at::Tensor& latent_frame) { return decoder_(latent_frame, history_); }

 private:
  const WanDecoder& decoder_;
  FrameHistory history_;
};

// The seed system's parallel decode (MODEL.md §6), for comparison: each rank decodes a tile of the picture
// independently, and overlapping edges are blended. It is an approximation, whose pixels depend on the number of ranks.

// A tile in latent cells, including the margins that overlap its neighbours.
struct Tile {
  Range rows;
  Range columns;
};

// The tile of rank.rank in a picture of height × width latent cells. The tiles form a nearly square grid, numbered row
// by row.
Tile tile_of(Shard rank, std::int64_t height, std::int64_t width);

// The blending weights (height, width) of a tile's pixels, float32.
at::Tensor feather(std::int64_t height, std::int64_t width, at::Device device);

// Decodes one video in tiles, one latent frame after another, on all ranks of a group.
class TiledDecode {
 public:
  // The video has height × width latent cells. `decoder` and `group` must outlive the object.
  TiledDecode(const WanDecoder& decoder, std::int64_t height, std::int64_t width, Collectives& group);
  // The pixels of the next latent frame (C, h, w), as WanDecoder returns them, on rank 0; undefined on other ranks.
  // Collective.
  at::Tensor next(const at::Tensor& latent_frame);

 private:
  at::Tensor blend(const std::vector<at::Tensor>& tiles, std::int64_t frames, at::Device device) const;

  WanDecodeStream stream_;
  std::int64_t height_;
  std::int64_t width_;
  Collectives& group_;
};

}  // namespace orrery
