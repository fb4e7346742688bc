#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <string>

#include "base/core/shard.h"
#include "models/cosmos3/config.h"
#include "models/kernels/head_norm_rope.h"
#include "models/nn/attention.h"
#include "models/nn/linear.h"
#include "models/nn/precision.h"
#include "models/nn/residual.h"
#include "models/nn/sequence_parallel.h"

namespace orrery {

// Keys (after norm and RoPE) and values of one layer for this rank's kv heads: (tokens, kv_heads / tp, head_dim) each.
struct KeyValue {
  at::Tensor k;
  at::Tensor v;
};

// The names of one tower's tensors in a layer's scope.
struct TowerNames {
  std::string q, k, v, out, norm_q, norm_k, input_norm, mlp_norm, mlp;
  std::string norm_k_for_media{};  // norm of the text's keys for the media tower; "": none
  static TowerNames und();
  static TowerNames gen();
};

// Computes queries, keys and values of one layer: norm, one product, norm of each head, RoPE.
class QkvProjection {
 public:
  // Operands of this rank's attention: views of one tensor that has, for each token of the whole sequence, a row with
  // its queries, keys and values.
  struct Result {
    at::Tensor q;  // (tokens, heads of this rank's share, head_dim)
    KeyValue kv;   // of the sequence's tokens, then of the text's
    // Keys and values of the text tower's tokens for the media tower: `kv`, or keys with a separate norm.
    KeyValue for_media{};
  };

  // `heads`: Float8 if the functions in 8 bits will be called.
  QkvProjection(const Weights& layer, const TowerNames& names, const Cosmos3Config& config,
                const ProductSettings& products, RowFormat heads = RowFormat::Plain);
  // Finishes the stream's pending all-reduce first. The stream has this rank's tokens of `sequence`, and `rope` all
  // tokens of it. `text` (this rank's heads, may be empty) are keys and values that the tokens see besides their own.
  // Collective over the stream's and the sequence's groups.
  Result operator()(Residual& stream, const RopeTable& rope, const KeyValue& text, const SequenceParallel& sequence,
                    Precision precision) const;
  // operator() for two sequences of equal length, concatenated in the stream, with a text each: one product for both.
  // `rope` is for both. Neither sequence may be split over ranks. Collective over the stream's group.
  std::array<Result, 2> pair(Residual& stream, const RopeTable& rope, const KeyValue& first, const KeyValue& second,
                             Precision precision) const;

  // operator() in 8 bits, in native precision. `text` must not be empty; `rounded` is round_text(text). Collective like
  // it.
  Float8Operands in_float8(Residual& stream, const RopeTable& rope, const KeyValue& text,
                           const SequenceParallel& sequence, const Float8Text& rounded) const;
  // pair() in 8 bits. Collective like it.
  std::array<Float8Operands, 2> pair_in_float8(Residual& stream, const RopeTable& rope,
                                               const std::array<const KeyValue*, 2>& texts,
                                               const std::array<const Float8Text*, 2>& rounded) const;
  // Prepares a text (this rank's heads) for the functions in 8 bits. Call it once for each request.
  Float8Text round_text(const KeyValue& text, const SequenceParallel& sequence) const;
  // The sequence of a stream that has all tokens, not split over ranks.
  SequenceParallel whole(const Residual& stream) const;

 private:
  // The product for the stream's tokens: (before + tokens + after, heads + 2 kv_heads, head_dim); the rows before and
  // after them are uninitialized.
  at::Tensor multiplied(Residual& stream, std::int64_t before, std::int64_t after, Precision precision) const;
  // Applies norm and RoPE to the queries and keys of some rows of multiplied(), in place.
  void norm_and_rope(at::Tensor own, const RopeTable& rope) const;
  // The keys for the media tower, from the product's rows `own` before their norm: (tokens, kv_heads, head_dim);
  // undefined when the media tower sees the text tower's own keys.
  at::Tensor keys_for_media(const at::Tensor& own, const RopeTable& rope) const;
  // multiplied() and norm_and_rope() for a sequence that is split over ranks: (all tokens + after, this rank's heads in
  // attention, head_dim). `rope` is for all tokens; if it is empty, like multiplied(). Each piece is sent while the
  // next one is computed.
  at::Tensor exchanged(Residual& stream, const RopeTable& rope, std::int64_t after, const SequenceParallel& sequence,
                       Precision precision) const;
  // Norm and RoPE of a piece of this rank's rows, into what `exchange` sends. `rope` is for all these rows, or empty.
  void share_out(at::Tensor& heads, const RopeTable& rope, const Range& piece, const HeadsExchange& exchange) const;
  // Views of keys and values in `rows` of a tensor whose rows have the heads of `share`.
  static KeyValue kv_of(const at::Tensor& projected, const Range& rows, const HeadShare& share);
  // Rounds one sequence to 8 bits. `own` are all rows of the sequence as the product returns them, with the heads of
  // `share`.
  Float8Operands rounded_operands(const at::Tensor& own, const RopeTable& rope, const KeyValue& text,
                                  const HeadShare& share, const Float8Text& rounded) const;

  RmsNorm input_norm_;
  ColumnParallelLinear qkv_;
  HeadNorms norms_;
  HeadNorms for_media_;    // norm of keys only
  std::int64_t heads_;     // query heads of this rank
  std::int64_t kv_heads_;  // kv heads of this rank
  std::int64_t head_dim_;
  HeadScales scales_;  // of queries and keys in 8 bits; otherwise undefined
};

// One transformer layer, used by both towers (MODEL.md §3, §4). Its functions are collective over the stream's group.
class Block {
 public:
  Block(const Weights& layer, const TowerNames& names, const Cosmos3Config& config, const ProductSettings& products,
        Attention attention);

  // Runs the layer on text: causal attention within the sequence, in full precision. Returns this layer's keys and
  // values for the media tower, which are views of larger tensors.
  KeyValue causal(Residual& stream, const RopeTable& rope) const;
  // Runs the layer on media: full attention over text and media. `rope` is for all tokens of `sequence`; the stream has
  // this rank's tokens. `rounded` is round_text(text), for attention in 8 bits in passes of native precision; null
  // means exact attention. Also collective over the sequence's group.
  void joint(Residual& stream, const KeyValue& text, const RopeTable& rope, const SequenceParallel& sequence,
             Precision precision = Precision::Native, const Float8Text* rounded = nullptr) const;
  // Runs the layer on the media of two branches of equal length, concatenated in the stream: one product for both, and
  // separate attention with each branch's text. `rope` is for both; `rounded` is as for joint(), with both entries null
  // or neither.
  void joint_pair(Residual& stream, const std::array<const KeyValue*, 2>& texts, const RopeTable& rope,
                  Precision precision, const std::array<const Float8Text*, 2>& rounded) const;
  // Prepares a text for attention in 8 bits. Call it once for each request. No communication.
  Float8Text round_text(const KeyValue& text, const SequenceParallel& sequence) const {
    return project_.round_text(text, sequence);
  }

 private:
  // Attention of this rank's tokens with all heads: (tokens, width).
  at::Tensor attend(Residual& stream, const KeyValue& text, const RopeTable& rope, const SequenceParallel& sequence,
                    Precision precision, const Float8Text* rounded) const;
  at::Tensor attend_pair(Residual& stream, const std::array<const KeyValue*, 2>& texts, const RopeTable& rope,
                         Precision precision, const std::array<const Float8Text*, 2>& rounded) const;
  void finish(Residual& stream, at::Tensor attended, Precision precision) const;

  QkvProjection project_;
  Attention attention_;
  RowParallelLinear out_;
  RmsNorm mlp_norm_;
  Mlp mlp_;
};

}  // namespace orrery
