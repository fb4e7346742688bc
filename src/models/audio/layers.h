#pragma once

#include <ATen/ATen.h>

#include "io/checkpoint/weights.h"

namespace orrery {

// Layers of the sound decoder. Activations are (1, C, T), float32, as are all weights whatever the dtype of the set.

// x + sin²(e^alpha · x) / (e^beta + 1e-9), per channel.
class Snake {
 public:
  Snake(const Weights& w, std::int64_t channels);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor rate_;  // (1, C, 1): e^alpha
  at::Tensor gain_;  // (1, C, 1): 1 / (e^beta + 1e-9)
};

// A convolution that keeps the length, zeros around the wave. Here and below, the weight is g · v / ‖v‖, the norm over
// every dimension but the first, multiplied out once at construction.
class WaveConv {
 public:
  struct Shape {
    std::int64_t in, out;
    std::int64_t kernel;  // odd
    std::int64_t dilation = 1;
    bool bias = true;
  };

  WaveConv(const Weights& w, const Shape& shape);
  // (1, in, T) -> (1, out, T).
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  std::int64_t padding_, dilation_;
};

// A transposed convolution of kernel 2 · stride: exactly `stride` times as many samples.
class WaveUpsampler {
 public:
  // stride ≥ 2.
  WaveUpsampler(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t stride);
  // (1, in, T) -> (1, out, stride · T).
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  std::int64_t stride_;
};

}  // namespace orrery
