#pragma once

#include <ATen/ATen.h>

#include <string_view>

#include "checkpoint/weights.h"
#include "wan/history.h"

namespace orrery {

// Layers of the video VAE. Activations are (1, C, T, H, W), channels last in memory, in the dtype of the weights.

// A convolution over space and the past: 2 earlier frames from the history, zeros around the picture.
class CausalConv {
 public:
  enum class Kernel { Full, TimeOnly };  // 3×3×3; 3×1×1

  // Reads weight and bias at scope `w`.
  CausalConv(const Weights& w, std::int64_t in, std::int64_t out, Kernel kernel = Kernel::Full);
  // (1, in, T, H, W) -> (1, out, T, H, W). Call once a latent frame.
  at::Tensor operator()(const at::Tensor& x, FrameHistory& history) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// A convolution of each frame by itself.
class FrameConv {
 public:
  // `weight_shape` is the stored one, (out, in, kh, kw) or (out, in, 1, kh, kw), with kh = kw odd.
  FrameConv(const Weights& w, at::IntArrayRef weight_shape);
  // (1, in, T, H, W) -> (1, out, T, H, W), zeros around the picture.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// A 3×3 convolution at every second row and column of each frame, with zeros past the right and bottom edges only.
class SpaceHalvingConv {
 public:
  SpaceHalvingConv(const Weights& w, std::int64_t channels);
  // (1, C, T, H, W) -> (1, C, T, H/2, W/2); H and W even.
  at::Tensor operator()(const at::Tensor& x) const;

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

// x / max(‖x‖ over channels, 1e-12) · √C · gamma, in float32; the result has x's dtype.
class ChannelNorm {
 public:
  // `trailing` counts the ones in gamma's stored shape (C, 1, …).
  ChannelNorm(const Weights& w, std::int64_t channels, int trailing = 3);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor gain_;  // (C, 1, 1, 1), float32
};

}  // namespace orrery
