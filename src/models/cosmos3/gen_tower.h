#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "io/checkpoint/weights.h"
#include "models/cosmos3/block.h"
#include "models/cosmos3/config.h"
#include "models/cosmos3/media.h"
#include "models/cosmos3/stream_layers.h"
#include "models/cosmos3/und_tower.h"

namespace orrery {

// Sinusoidal timestep features through two layers with SiLU between, in float32, weights included (MODEL.md §4).
class TimestepEmbedding {
 public:
  TimestepEmbedding(const Weights& w, const Cosmos3Config& config);
  // (hidden) float32. `timestep` is in 0…1000.
  at::Tensor operator()(double timestep) const;

 private:
  at::Tensor weight_1_, bias_1_, weight_2_, bias_2_;
  at::Tensor frequencies_;  // (128)
  double scale_;
};

// One guidance branch of a request: its text, and what its media tokens need in every step.
struct Branch {
  TextCache text;
  RopeTable rope;                         // of all streams' tokens, one stream after another
  Streams<std::vector<TokenRun>> tokens;  // all tokens of each stream, in order
};

// The media tower: full attention over the text and all streams, one after another (MODEL.md §4).
class GenTower {
 public:
  // `products`: what the layers' products compute in; the first and the last layer's stay plain, since errors there
  // weigh most. `tp` must outlive it.
  GenTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp,
           RowFormat products = RowFormat::Plain, const Attention& attention = {});

  Collectives& tp() const { return *tp_; }
  // No communication. Throws Error when the model lacks one of the streams.
  Branch prepare(TextCache text, const MediaShape& shape) const;
  // Velocities of `latents`, whose shapes are those given to prepare(), at `timestep` (0…1000). Collective over tp.
  MediaLatents operator()(const MediaLatents& latents, double timestep, const Branch& branch) const;
  // What the velocities would be without the layers and the norm behind them, in float32: the same for all branches of
  // a request. The output projection is linear, so what the layers add to the hidden states adds to this. No
  // communication.
  MediaLatents without_layers(const MediaLatents& latents, double timestep, const Branch& branch) const;

 private:
  at::Tensor embed(const MediaLatents& latents, double timestep, const Branch& branch) const;
  // (tokens, hidden), normed → velocities in the form of `latents`.
  MediaLatents velocities(const at::Tensor& x, const MediaLatents& latents, const Branch& branch) const;
  at::Tensor normed_whole(Residual& stream) const;

  std::int64_t hidden_;
  at::Device device_;
  at::ScalarType dtype_;
  Streams<std::unique_ptr<const StreamLayers>> streams_;  // those that the model has
  TimestepEmbedding time_embedder_;
  std::vector<Block> blocks_;
  RmsNorm norm_out_;
  Collectives* tp_;
};

}  // namespace orrery
