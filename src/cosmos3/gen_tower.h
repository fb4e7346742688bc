#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "cosmos3/block.h"
#include "cosmos3/media.h"
#include "cosmos3/timestep.h"
#include "cosmos3/und_tower.h"

namespace orrery {

// One guidance branch of a request: its text, and what its media tokens need in every step.
struct Branch {
  TextCache text;
  RopeTable rope;    // of the video tokens, then the sound tokens
  at::Tensor noisy;  // (tokens, 1): 1, and 0 for tokens of conditioned frames; undefined when there are none
};

// The media tower: full attention over [text | video | sound] (MODEL.md §4).
class GenTower {
 public:
  GenTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp);

  // No communication. Sound needs a checkpoint with sound_gen.
  Branch prepare(TextCache text, const MediaShape& shape) const;
  // Velocities of `latents`, whose shapes are those given to prepare(), at `timestep` (0…1000). Collective over tp.
  MediaLatents operator()(const MediaLatents& latents, double timestep, const Branch& branch) const;

 private:
  // The layers between the sound latent and the tower's width.
  struct SoundLayers {
    SoundLayers(const Weights& transformer, const Cosmos3Config& config);
    at::Tensor tokens(const at::Tensor& sound) const;     // (S, T) → (T, hidden)
    at::Tensor velocity(const at::Tensor& tokens) const;  // (T, hidden) → (S, T) float32
    Linear proj_in;
    at::Tensor modality;  // (hidden)
    Linear proj_out;
  };

  at::Tensor embed(const MediaLatents& latents, double timestep, const Branch& branch) const;
  // (tokens, hidden), normed → velocities in the form of `latents`.
  MediaLatents velocities(const at::Tensor& x, const MediaLatents& latents) const;

  Cosmos3Config config_;
  at::Device device_;
  at::ScalarType dtype_;
  Linear proj_in_;
  std::optional<SoundLayers> sound_;
  TimestepEmbedding time_embedder_;
  std::vector<Block> blocks_;
  RmsNorm norm_out_;
  Linear proj_out_;
};

}  // namespace orrery
