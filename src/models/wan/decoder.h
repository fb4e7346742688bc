#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "io/checkpoint/weights.h"
#include "models/wan/blocks.h"
#include "models/wan/config.h"
#include "models/wan/layers.h"
#include "models/wan/padded_frames.h"
#include "models/wan/up_block.h"

namespace orrery {

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

}  // namespace orrery
