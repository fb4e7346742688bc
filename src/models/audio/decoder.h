#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "io/checkpoint/weights.h"
#include "models/audio/config.h"

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

// A convolution that keeps the length, zero-padded. Here and below, the weight is g · v / ‖v‖ with the norm over every
// dimension except the first, computed once at construction.
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
  // Needs stride ≥ 2.
  WaveUpsampler(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t stride);
  // (1, in, T) -> (1, out, stride · T).
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  std::int64_t stride_;
};

// Snake, dilated convolution, snake, convolution, plus the input.
class WaveResidual {
 public:
  WaveResidual(const Weights& w, std::int64_t channels, std::int64_t dilation);
  // (1, C, T) -> (1, C, T).
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  Snake snake1_;
  WaveConv conv1_;
  Snake snake2_;
  WaveConv conv2_;
};

// Snake, upsampler, three residual units of increasing dilation.
class WaveBlock {
 public:
  WaveBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t stride);
  // (1, in, T) -> (1, out, stride · T).
  at::Tensor operator()(at::Tensor x) const;

 private:
  Snake snake_;
  WaveUpsampler upsampler_;
  WaveResidual near_, middle_, far_;
};

// The Oobleck sound decoder (MODEL.md §7). Runs on one rank without communication. It computes in true float32, without
// TF32, whatever the dtype of the weights, since 16-bit sound is more precise than bfloat16. The weights of the
// published width, 320, take 1.9 GB; a decode adds up to four times 4 · dec_dim bytes per sample, 2 GB for 8 s at that
// width.
class SoundDecoder {
 public:
  // `sound_tokenizer` is the root of sound_tokenizer/. Marks the encoder's tensors as not needed.
  SoundDecoder(const Weights& sound_tokenizer, const SoundConfig& config);

  // Decodes a latent (S, T), T ≥ 1, any dtype and device, to the waveform (2, 1920 · T) in [-1, 1], float32, 48 kHz, on
  // the weights' device. Throws Error for another shape.
  at::Tensor operator()(const at::Tensor& latent) const;

 private:
  at::Device device_;
  std::int64_t latent_channels_;
  WaveConv conv_in_;
  std::vector<WaveBlock> blocks_;
  Snake snake_;
  WaveConv conv_out_;
};

}  // namespace orrery
