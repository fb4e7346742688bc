#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "cosmos3/block.h"
#include "cosmos3/timestep.h"
#include "cosmos3/und_tower.h"

namespace orrery {

// One guidance branch of a request: its text and the rotary factors of its media tokens, computed once.
struct Branch {
  TextCache text;
  RopeTable rope;
};

// The media tower: full attention over [text | video] (MODEL.md §4).
class GenTower {
 public:
  GenTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp);

  // `latent_shape`: (C, t, h, w). No communication.
  Branch prepare(TextCache text, at::IntArrayRef latent_shape, double fps) const;
  // Velocity of `latent` (C, t, h, w) float32 at `timestep` (0…1000): the same shape, float32. Collective over tp.
  at::Tensor operator()(const at::Tensor& latent, double timestep, const Branch& branch) const;

 private:
  Cosmos3Config config_;
  at::Device device_;
  at::ScalarType dtype_;
  Linear proj_in_;
  TimestepEmbedding time_embedder_;
  std::vector<Block> blocks_;
  RmsNorm norm_out_;
  Linear proj_out_;
};

}  // namespace orrery
