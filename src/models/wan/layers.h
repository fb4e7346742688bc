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
// W are those of this rank's strip. Layers that take a history call for the strip's neighbours: collective over them.

// The result of a convolution, and its bias (C), which the layer that reads x next adds in its own pass over memory;
// undefined when x contains the bias already.
struct Convolved {
  at::Tensor x;
  at::Tensor bias;
};
at::Tensor with_bias(const Convolved& y);

// x / max(‖x‖ over channels, 1e-12) · √C · gamma, in float32; the result has x's dtype.
class ChannelNorm {
 public:
  // `trailing` counts the ones in gamma's stored shape (C, 1, …).
  ChannelNorm(const Weights& w, std::int64_t channels, int trailing = 3);
  at::Tensor operator()(const at::Tensor& x) const;
  // SiLU of the norm of x, into `out`, of x's shape.
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
  // (1, in, T, H, W) -> (1, out, T, H, W). Call once a latent frame.
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

// Nearest-neighbour upsampling by 2, then a 3×3 convolution of each frame. Computed as the equivalent four 2×2
// convolutions of the small picture, one for each pixel of a 2×2 block, whose weights are sums of the 3×3 ones: 4/9 of
// the work.
class DoublingConv {
 public:
  DoublingConv(const Weights& w, std::int64_t channels);

  // Where the small picture goes, (1, C, T, H, W); then the rows `row` and columns `column` (0 or 1) of every 2 × 2
  // pixels, (1, C, T, H, W).
  at::Tensor room(at::IntArrayRef sizes, FrameHistory& history) const;
  // The room as the convolutions see it. Collective.
  at::Tensor whole(FrameHistory& history) const;
  Convolved operator()(const at::Tensor& whole, std::int64_t row, std::int64_t column) const;

 private:
  std::array<at::Tensor, 4> weights_;
  at::Tensor bias_;
};

// A 3×3 convolution at every second row and column of each frame, with zeros past the right and bottom edges only.
class SpaceHalvingConv {
 public:
  SpaceHalvingConv(const Weights& w, std::int64_t channels);
  // (1, C, T, H, W) -> (1, C, T, H/2, W/2); H and W even.
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// A convolution of three frames in time at every second frame. The first latent frame's single frame passes as it is,
// and is the first one that the convolution sees later.
class TimeHalvingConv {
 public:
  TimeHalvingConv(const Weights& w, std::int64_t channels);
  // (1, C, T, H, W) -> (1, C, T/2, H, W), T even; for the first latent frame x itself, of one frame. Call once a latent
  // frame.
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

// The VAE's outermost layers see 2 × 2 pixels as one position; channel = (colour · 2 + column) · 2 + row.

// (3, T, H, W) -> (1, 12, T, H/2, W/2); H and W even.
at::Tensor pixels_to_channels(const at::Tensor& pixels);
// (1, 12, T, H, W) -> (3, T, 2H, 2W).
at::Tensor channels_to_pixels(const at::Tensor& x);

}  // namespace orrery
