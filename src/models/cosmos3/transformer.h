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

// A text's keys and values, which every denoising step uses: one entry for each layer.
struct TextCache {
  std::vector<KeyValue> layers;
  std::int64_t tokens = 0;
};

// The text tower (MODEL.md §3): causal, independent of media and timestep, so it runs once for each prompt. Only the
// keys and values of its last layer are needed, so the rest of that layer is not loaded.
class UndTower {
 public:
  // Products are always plain; `products` says which weights stay in 8 bits. `tp` must outlive the object.
  UndTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp, const Attention& attention = {},
           const ProductSettings& products = {});
  // `ids`: token ids below vocab_size. Collective over tp.
  TextCache operator()(const std::vector<std::int64_t>& ids) const;

 private:
  Cosmos3Config config_;
  at::Tensor embedding_;       // (vocab, hidden)
  std::vector<Block> blocks_;  // all layers except the last
  QkvProjection last_;
  Collectives* tp_;
};

// Two layers with SiLU between them on sinusoidal timestep features, in float32 including the weights (MODEL.md §4).
class TimestepEmbedding {
 public:
  TimestepEmbedding(const Weights& w, const Cosmos3Config& config);
  // Returns (hidden) float32. `timestep` is in [0, 1000].
  at::Tensor operator()(double timestep) const;

 private:
  at::Tensor weight_1_, bias_1_, weight_2_, bias_2_;
  at::Tensor frequencies_;  // (128)
  double scale_;
};

// One guidance branch of a request: its text, and what its media tokens need in each step.
struct Branch {
  TextCache text;                         // for this rank's heads in attention
  RopeTable rope;                         // for all streams' tokens, one stream after another
  RopeTable both_ropes;                   // for this branch, then its pair; set by GenTower::pair_up()
  Streams<std::vector<TokenRun>> tokens;  // all tokens of each stream, in order
  std::vector<Float8Text> rounded;        // `text` for attention in 8 bits, by layer; else empty
  SequenceParallel sequence;              // all streams' tokens, one stream after another
};

// The groups of ranks that compute the media tower together.
struct TowerGroups {
  // The tokens are not split over ranks.
  TowerGroups(Collectives& tp_group) : tp(&tp_group) {}
  TowerGroups(Collectives& tp_group, Collectives& sp_group) : tp(&tp_group), sp(&sp_group) {}
  TowerGroups(const RankGroups& groups) : TowerGroups(*groups.tp, *groups.sp) {}

  Collectives* tp;            // splits the weights
  Collectives* sp = nullptr;  // splits the tokens; null: they are not split
};

// Whether two branches of `tokens` tokens each are faster in one pass than one after the other. Products of few rows
// leave a GPU's last tiles and last wave partly empty, which costs a quarter of their time at 900 tokens. One pass
// takes twice the memory for activations, which matters with many tokens.
constexpr bool pays_in_one_pass(std::int64_t tokens) { return tokens <= 4096; }

// The media tower: full attention over the text and all streams, one after another (MODEL.md §4).
class GenTower {
 public:
  // `products` applies to all layers except the first and the last, whose products stay plain because errors there
  // matter most. `attention` is in 8 bits in all layers, in passes of native precision, if its format() says so. The
  // groups must outlive the object.
  GenTower(const Weights& transformer, const Cosmos3Config& config, const TowerGroups& groups,
           const ProductSettings& products = {}, const Attention& attention = {});

  const TowerGroups& groups() const { return groups_; }
  // Uses these groups from now on; groups.tp must be the group of the constructor.
  void set_groups(const TowerGroups& groups) { groups_ = groups; }
  // Prepares a branch of a request. Throws Error when the model lacks one of the streams. No communication.
  Branch prepare(TextCache text, const MediaShape& shape) const;
  // The velocities of `latents`, whose shapes are those given to prepare(), at `timestep` in [0, 1000], with the same
  // bits on every rank. Collective over the groups.
  MediaLatents operator()(const MediaLatents& latents, double timestep, const Branch& branch,
                          Precision precision = Precision::Native) const;
  // Prepares two branches of one request for in_one_pass() by joining their RoPE tables. Their tokens must not be split
  // over ranks.
  static void pair_up(Branch& first, Branch& second);
  // The velocities of two branches prepared by pair_up(): their tokens pass through the layers as one sequence, with
  // separate attention. Results differ from those of two passes by rounding. Collective over tp.
  std::array<MediaLatents, 2> in_one_pass(const MediaLatents& latents, double timestep, const Branch& first,
                                          const Branch& second, Precision precision = Precision::Native) const;
  // The velocities without the layers and the final norm, in float32: equal for all branches of a request. The output
  // projection is linear, so the contribution of the layers adds to this. No communication.
  MediaLatents without_layers(const MediaLatents& latents, double timestep, const Branch& branch) const;

  // The hidden states (tokens, hidden) of this rank's tokens before the layers. No communication.
  at::Tensor embed(const MediaLatents& latents, double timestep, const Branch& branch) const;

 private:
  // Converts this rank's normed hidden states (tokens, hidden) to velocities in the form of `latents`. Collective.
  MediaLatents velocities(const at::Tensor& x, const MediaLatents& latents, const Branch& branch) const;
  at::Tensor normed_whole(Residual& stream) const;

  std::int64_t hidden_;
  at::Device device_;
  at::ScalarType dtype_;
  Streams<std::unique_ptr<const StreamLayers>> streams_;  // the streams that the model has
  TimestepEmbedding time_embedder_;
  std::vector<Block> blocks_;
  RmsNorm norm_out_;
  TowerGroups groups_;
  std::int64_t heads_;     // of a tp rank
  std::int64_t kv_heads_;  // of a tp rank
  RowFormat attention_format_;
};

// Throws InputError unless every tensor of the source was read, through `transformer` or a Weights that shares its
// record, or is known not to be needed. Call it when both towers have been built.
void require_transformer_read(const Weights& transformer, const Cosmos3Config& config);

// Both towers of one checkpoint. The constructor reads this rank's share of the weights and throws InputError unless
// every tensor of the source was read or is known not to be needed.
class Transformer {
 public:
  // `products` and `attention` are as for the towers; the text tower's attention is always exact. The groups must
  // outlive the object.
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
