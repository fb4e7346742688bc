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

// The decoder of the WAN 2.2 residual VAE (MODEL.md §6): 16 × 16 pixels per latent cell, 4 frames per latent frame. It
// computes in the dtype of the weights, norms and the latent's scaling in float32. Ranks that hold strips of the
// picture decode together: each makes its own pixels, and they are those of one rank that decodes alone, up to
// rounding.
class WanDecoder {
 public:
  // `vae` is the root of vae/; the encoder's tensors are marked as not needed.
  WanDecoder(const Weights& vae, const WanConfig& config);

  // One latent frame (C, h, w), normalised, any dtype and device, to the pixel frames (3, frames, 16h, 16w) in [-1, 1],
  // float32, of the history's strip: 1 frame for the first call with a history, 4 for each later one. All ranks of the
  // strip's group give the same whole frame. Collective over them.
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

// Decodes one video, a latent frame at a time. `decoder` must outlive it and not be moved.
class WanDecodeStream {
 public:
  // This rank's strip of the video.
  explicit WanDecodeStream(const WanDecoder& decoder, const Strip& strip = {}) : decoder_(decoder), history_(strip) {}
  // The pixels of the next latent frame, as WanDecoder says.
  at::Tensor next(const at::Tensor& latent_frame) { return decoder_(latent_frame, history_); }

 private:
  const WanDecoder& decoder_;
  FrameHistory history_;
};

// The seed system's parallel decode (MODEL.md §6), for comparison: each rank decodes a tile of the picture as if there
// were nothing else, and overlapping edges are blended. An approximation, whose pixels depend on the number of ranks.

// A tile in latent cells, with the margins that overlap its neighbours.
struct Tile {
  Range rows;
  Range columns;
};

// The tile of `rank` of a picture of height × width latent cells: the ranks make a grid near to a square, row by row.
Tile tile_of(Shard rank, std::int64_t height, std::int64_t width);

// The blending weight of each pixel of a tile of height × width pixels, float32.
at::Tensor feather(std::int64_t height, std::int64_t width, at::Device device);

// Decodes one video, a latent frame at a time, on all ranks of a group.
class TiledDecode {
 public:
  // Pictures have height × width latent cells. `decoder` and `group` must outlive the object.
  TiledDecode(const WanDecoder& decoder, std::int64_t height, std::int64_t width, Collectives& group);
  // The pixels of the next latent frame (C, h, w), as WanDecoder says, on rank 0; undefined elsewhere. Collective.
  at::Tensor next(const at::Tensor& latent_frame);

 private:
  at::Tensor blend(const std::vector<at::Tensor>& tiles, std::int64_t frames, at::Device device) const;

  WanDecodeStream stream_;
  std::int64_t height_;
  std::int64_t width_;
  Collectives& group_;
};

}  // namespace orrery
