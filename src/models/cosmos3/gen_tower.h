#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "models/cosmos3/block.h"
#include "models/cosmos3/media.h"
#include "models/cosmos3/timestep.h"
#include "models/cosmos3/und_tower.h"

namespace orrery {

// Neighbouring video tokens that are all of generated frames or all of given ones.
struct TokenRun {
  Range tokens;
  bool noisy = true;  // false: given, and not told the timestep
};

// One guidance branch of a request: its text, and what its media tokens need in every step.
struct Branch {
  TextCache text;
  RopeTable rope;               // of the video tokens, then the sound tokens
  std::vector<TokenRun> video;  // all of them, in order
};

// The runs of frames of `frame_tokens` tokens each, of which `given` are given.
std::vector<TokenRun> token_runs(std::int64_t frames, std::int64_t frame_tokens,
                                 const std::vector<std::int64_t>& given);

// The media tower: full attention over [text | video | sound] (MODEL.md §4).
class GenTower {
 public:
  // `products`: what the layers' products compute in; the first and the last layer's stay plain, since errors there
  // weigh most. `tp` must outlive it.
  GenTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp,
           RowFormat products = RowFormat::Plain, const Attention& attention = {});

  Collectives& tp() const { return *tp_; }
  // No communication. Sound needs a checkpoint with sound_gen.
  Branch prepare(TextCache text, const MediaShape& shape) const;
  // Velocities of `latents`, whose shapes are those given to prepare(), at `timestep` (0…1000). Collective over tp.
  MediaLatents operator()(const MediaLatents& latents, double timestep, const Branch& branch) const;
  // What the velocities would be without the layers and the norm behind them, in float32: the same for all branches of
  // a request. The output projection is linear, so what the layers add to the hidden states adds to this. No
  // communication.
  MediaLatents without_layers(const MediaLatents& latents, double timestep, const Branch& branch) const;

 private:
  // The layers between the sound latent and the tower's width.
  struct SoundLayers {
    SoundLayers(const Weights& transformer, const Cosmos3Config& config);
    // (S, T) → `tokens` (T, hidden). `time`: (hidden) float32.
    void embed_into(const at::Tensor& tokens, const at::Tensor& sound, const at::Tensor& time) const;
    at::Tensor velocity(const at::Tensor& tokens) const;                               // (T, hidden) → (S, T) float32
    at::Tensor without_layers(const at::Tensor& sound, const at::Tensor& time) const;  // (S, T) → (S, T) float32
    Linear proj_in;
    at::Tensor modality;  // (hidden)
    Linear proj_out;
  };

  at::Tensor embed(const MediaLatents& latents, double timestep, const Branch& branch) const;
  // (tokens, hidden), normed → velocities in the form of `latents`.
  MediaLatents velocities(const at::Tensor& x, const MediaLatents& latents) const;
  at::Tensor normed_whole(Residual& stream) const;

  Cosmos3Config config_;
  at::Device device_;
  at::ScalarType dtype_;
  Linear proj_in_;
  std::optional<SoundLayers> sound_;
  TimestepEmbedding time_embedder_;
  std::vector<Block> blocks_;
  RmsNorm norm_out_;
  Linear proj_out_;
  Collectives* tp_;
};

}  // namespace orrery
