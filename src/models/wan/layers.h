#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>

#include "io/checkpoint/weights.h"
#include "models/kernels/narrow_conv.h"
#include "models/wan/config.h"
#include "models/wan/frame_history.h"

namespace orrery {

// Layers of the video VAE. Activations are (1, C, T, H, W), channels last in memory, in the dtype of the weights; H and
// W are those of this rank's strip. Layers that take a history exchange halos with the strip's neighbours: collective
// over the strip's ranks.

// The result of a convolution and its bias (C), which the next layer adds in its own pass over memory; the bias is
// undefined when x already contains it.
struct Convolved {
  at::Tensor x;
  at::Tensor bias;
};
at::Tensor with_bias(const Convolved& y);

// x / max(‖x‖ over channels, 1e-12) · √C · gamma, in float32; the result has x's dtype.
class ChannelNorm {
 public:
  // `trailing` is the number of ones in gamma's stored shape (C, 1, …).
  ChannelNorm(const Weights& w, std::int64_t channels, int trailing = 3);
  at::Tensor operator()(const at::Tensor& x) const;
  // Writes silu(norm(x)) into `out`, which has x's shape.
  void with_silu(const Convolved& x, const at::Tensor& out) const;

 private:
  at::Tensor gain_;  // (C), float32
};

// A convolution over space and the past: 2 earlier frames from the history, zeros around the picture.
class CausalConv {
 public:
  enum class Kernel { Full, TimeOnly };  // 3×3×3; 3×1×1

  // Reads weight and bias at scope `w`.
  CausalConv(const Weights& w, std::int64_t in, std::int64_t out, Kernel kernel = Kernel::Full);
  // (1, in, T, H, W) -> (1, out, T, H, W). Call it once for each latent frame.
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;
  // The convolution of silu(norm(x)).
  Convolved operator()(const ChannelNorm& norm, const Convolved& x, FrameHistory& history) const;

 private:
  PaddedFrames& input(FrameHistory& history) const;

  at::Tensor weight_;
  at::Tensor bias_;
  NarrowConv narrow_;
};

// A 1×1×1 convolution.
class PointConv {
 public:
  PointConv(const Weights& w, std::int64_t in, std::int64_t out);
  // (1, in, T, H, W) -> (1, out, T, H, W).
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;  // (out, in)
  at::Tensor bias_;
};

// Nearest-neighbour upsampling by 2, then a 3×3 convolution of each frame. Computed as four equivalent 2×2 convolutions
// of the small picture, one for each pixel of a 2×2 block, whose weights are sums of the 3×3 weights: 4/9 of the work.
class DoublingConv {
 public:
  DoublingConv(const Weights& w, std::int64_t channels);

  // The memory into which the caller writes the small picture (1, C, T, H, W).
  at::Tensor room(at::IntArrayRef sizes, FrameHistory& history) const;
  // The padded small picture, input of the convolutions. Collective over the strip's ranks.
  at::Tensor whole(FrameHistory& history) const;
  // The pixels at row `row` and column `column` (0 or 1) of every 2 × 2 block: (1, C, T, H, W).
  Convolved operator()(const at::Tensor& whole, std::int64_t row, std::int64_t column) const;

 private:
  std::array<at::Tensor, 4> weights_;
  at::Tensor bias_;
};

// A 3×3 convolution of each frame with stride 2, zero-padded at the right and bottom edges only.
class SpaceHalvingConv {
 public:
  SpaceHalvingConv(const Weights& w, std::int64_t channels);
  // (1, C, T, H, W) -> (1, C, T, H/2, W/2); H and W even.
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// A convolution over three frames in time with stride 2. The single frame of the first latent frame passes unchanged,
// and is the first one that the convolution sees later.
class TimeHalvingConv {
 public:
  TimeHalvingConv(const Weights& w, std::int64_t channels);
  // (1, C, T, H, W) -> (1, C, T/2, H, W), T even; returns x itself (one frame) for the first latent frame. Call it once
  // for each latent frame.
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// Converts between the VAE's own latents and the normalised ones that the transformer and the latent files hold, per
// channel.
// Frames are (C, h, w), any dtype and device; results are float32 on the scale's device.
class LatentScale {
 public:
  LatentScale(const WanConfig& config, at::Device device);

  std::int64_t channels() const { return mean_.size(0); }
  at::Device device() const { return mean_.device(); }
  at::Tensor normalise(const at::Tensor& frame) const;  // (frame - mean) / std
  at::Tensor restore(const at::Tensor& frame) const;    // frame · std + mean

 private:
  at::Tensor mean_, std_;  // (C, 1, 1), float32
};

// The VAE's outermost layers hold 2 × 2 pixels in the channels of one position (pixel unshuffle): channel = (colour · 2
// + column) · 2 + row.

// (3, T, H, W) -> (1, 12, T, H/2, W/2); H and W even.
at::Tensor pixels_to_channels(const at::Tensor& pixels);
// (1, 12, T, H, W) -> (3, T, 2H, 2W).
at::Tensor channels_to_pixels(const at::Tensor& x);

}  // namespace orrery
