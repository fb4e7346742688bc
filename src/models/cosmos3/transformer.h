#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/parallel/rank_groups.h"
#include "io/checkpoint/weights.h"
#include "models/cosmos3/block.h"
#include "models/cosmos3/config.h"
#include "models/cosmos3/media.h"
#include "models/cosmos3/stream_layers.h"

namespace orrery {

// What the text contributes to every denoise step: one entry a layer.
struct TextCache {
  std::vector<KeyValue> layers;
  std::int64_t tokens = 0;
};

// The text tower: causal, never sees the video or the timestep, runs once a prompt (MODEL.md §3). Of its last layer
// only the keys and values are wanted, so the rest of that layer is never loaded.
class UndTower {
 public:
  // Its products are plain; `products` says which weights stay in 8 bits. `tp` must outlive it.
  UndTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp, const Attention& attention = {},
           const ProductSettings& products = {});
  // Collective over tp. `ids`: token ids below vocab_size.
  TextCache operator()(const std::vector<std::int64_t>& ids) const;

 private:
  Cosmos3Config config_;
  at::Tensor embedding_;       // (vocab, hidden)
  std::vector<Block> blocks_;  // all layers but the last
  QkvProjection last_;
  Collectives* tp_;
};

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
  TextCache text;                         // of this rank's heads in attention
  RopeTable rope;                         // of all streams' tokens, one stream after another
  RopeTable both_ropes;                   // of this branch and then of its pair; set by GenTower::pair_up()
  Streams<std::vector<TokenRun>> tokens;  // all tokens of each stream, in order
  std::vector<Float8Text> rounded;        // `text` for attention in 8 bits, an entry a layer; empty without
  SequenceParallel sequence;              // of all streams' tokens, one stream after another
};

// The groups of ranks that compute a tower together.
struct TowerGroups {
  // Every rank of `tp_group` has all tokens.
  TowerGroups(Collectives& tp_group) : tp(&tp_group) {}
  TowerGroups(Collectives& tp_group, Collectives& sp_group) : tp(&tp_group), sp(&sp_group) {}
  TowerGroups(const RankGroups& groups) : TowerGroups(*groups.tp, *groups.sp) {}

  Collectives* tp;            // shares the weights
  Collectives* sp = nullptr;  // shares the tokens; null: nobody does
};

// Whether two branches of so many tokens each are faster in one pass than one after the other. Products of few rows
// leave a GPU's last tiles and last wave half empty: at 900 tokens by a quarter of their time. Both at once take twice
// the activations, which beside many tokens' would count.
constexpr bool pays_in_one_pass(std::int64_t tokens) { return tokens <= 4096; }

// The media tower: full attention over the text and all streams, one after another (MODEL.md §4).
class GenTower {
 public:
  // `products`: of the layers; the first and the last layer's stay plain, since errors there weigh most. `attention` is
  // in 8 bits in all layers, in passes of native precision, if its format() says so. The groups must outlive it.
  GenTower(const Weights& transformer, const Cosmos3Config& config, const TowerGroups& groups,
           const ProductSettings& products = {}, const Attention& attention = {});

  const TowerGroups& groups() const { return groups_; }
  // Computes for these groups from here on, of which tp is the one that it was built for.
  void set_groups(const TowerGroups& groups) { groups_ = groups; }
  // No communication. Throws Error when the model lacks one of the streams.
  Branch prepare(TextCache text, const MediaShape& shape) const;
  // Velocities of `latents`, whose shapes are those given to prepare(), at `timestep` (0…1000); the same bits on
  // every rank. Collective over the groups.
  MediaLatents operator()(const MediaLatents& latents, double timestep, const Branch& branch,
                          Precision precision = Precision::Native) const;
  // Lets the branches of one request, whose tokens no ranks share, have one RoPE table, as in_one_pass() wants it.
  static void pair_up(Branch& first, Branch& second);
  // The velocities of two branches that were paired up: their tokens pass the layers as one sequence, and attend apart.
  // They differ from those of two passes by rounding. Collective over tp.
  std::array<MediaLatents, 2> in_one_pass(const MediaLatents& latents, double timestep, const Branch& first,
                                          const Branch& second, Precision precision = Precision::Native) const;
  // What the velocities would be without the layers and the norm behind them, in float32: the same for all branches of
  // a request. The output projection is linear, so what the layers add to the hidden states adds to this. No
  // communication.
  MediaLatents without_layers(const MediaLatents& latents, double timestep, const Branch& branch) const;

  // The hidden states of this rank's tokens before the layers, (tokens, hidden). No communication.
  at::Tensor embed(const MediaLatents& latents, double timestep, const Branch& branch) const;

 private:
  // This rank's tokens (tokens, hidden), normed → velocities in the form of `latents`. Collective.
  MediaLatents velocities(const at::Tensor& x, const MediaLatents& latents, const Branch& branch) const;
  at::Tensor normed_whole(Residual& stream) const;

  std::int64_t hidden_;
  at::Device device_;
  at::ScalarType dtype_;
  Streams<std::unique_ptr<const StreamLayers>> streams_;  // those that the model has
  TimestepEmbedding time_embedder_;
  std::vector<Block> blocks_;
  RmsNorm norm_out_;
  TowerGroups groups_;
  std::int64_t heads_;     // of a tp rank
  std::int64_t kv_heads_;  // of a tp rank
  RowFormat attention_format_;
};

// Fails unless every tensor of the source was read, through `transformer` or a Weights that shares its record, or is
// known not to be needed. After both towers were built, together or one after the other.
void require_transformer_read(const Weights& transformer, const Cosmos3Config& config);

// Both towers of one checkpoint. Building it reads this rank's share of the weights and fails unless every tensor of
// the source was read or is known not to be needed.
class Transformer {
 public:
  // `products` and `attention` as for the towers; the text tower's attention is exact. The groups must outlive it.
  Transformer(const Weights& transformer, const Cosmos3Config& config, const TowerGroups& groups,
              const ProductSettings& products = {}, const Attention& attention = {});

  const Cosmos3Config& config() const { return config_; }
  at::Device device() const { return device_; }
  const UndTower& text_tower() const { return und_; }
  const GenTower& media_tower() const { return gen_; }

 private:
  Cosmos3Config config_;
  at::Device device_;
  UndTower und_;
  GenTower gen_;
};

}  // namespace orrery
