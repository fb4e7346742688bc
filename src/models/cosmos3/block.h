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

// Keys (after norm and RoPE) and values of one layer, this rank's kv heads: (tokens, kv_heads / tp, head_dim) each.
struct KeyValue {
  at::Tensor k;
  at::Tensor v;
};

// The names under which one tower's tensors stand in a layer's scope.
struct TowerNames {
  std::string q, k, v, out, norm_q, norm_k, input_norm, mlp_norm, mlp;
  std::string norm_k_for_media{};  // of the keys as the media tower sees them; "": it sees its own
  static TowerNames und();
  static TowerNames gen();
};

// Queries, keys and values of one layer: norm, one product, norm of each head, RoPE.
class QkvProjection {
 public:
  // What this rank attends to: views of one tensor with a row a token, of all tokens of the sequence, with its queries,
  // keys and values side by side.
  struct Result {
    at::Tensor q;  // (tokens, heads of this rank's share, head_dim)
    KeyValue kv;   // of the tokens, then of the text
    // What the media tower sees of the text tower's tokens: `kv`, or keys with a norm of their own.
    KeyValue for_media{};
  };

  // `heads`: Float8 where the calls in 8 bits will be made.
  QkvProjection(const Weights& layer, const TowerNames& names, const Cosmos3Config& config,
                const ProductSettings& products, RowFormat heads = RowFormat::Plain);
  // Takes what was added to the stream, which has this rank's tokens of `sequence`. `rope`: of all its tokens. `text`:
  // keys and values, this rank's heads, that the tokens see beside their own; may be empty. Collective over the
  // stream's group and the sequence's.
  Result operator()(Residual& stream, const RopeTable& rope, const KeyValue& text, const SequenceParallel& sequence,
                    Precision precision) const;
  // Of two sequences of equal length, one behind the other in the stream, with a text each: one product for both.
  // `rope`: of both. Collective over the stream's group.
  std::array<Result, 2> pair(Residual& stream, const RopeTable& rope, const KeyValue& first, const KeyValue& second,
                             Precision precision) const;

  // operator() in 8 bits, in native precision. `text` is not empty; `rounded` is round_text() of it.
  Float8Operands in_float8(Residual& stream, const RopeTable& rope, const KeyValue& text,
                           const SequenceParallel& sequence, const Float8Text& rounded) const;
  // pair() in 8 bits.
  std::array<Float8Operands, 2> pair_in_float8(Residual& stream, const RopeTable& rope,
                                               const std::array<const KeyValue*, 2>& texts,
                                               const std::array<const Float8Text*, 2>& rounded) const;
  // What calls in 8 bits need of a text, this rank's heads of the sequence, once a request.
  Float8Text round_text(const KeyValue& text, const SequenceParallel& sequence) const;
  // Of a stream that has all tokens.
  SequenceParallel whole(const Residual& stream) const;

 private:
  // (before + tokens + after, heads + 2 kv_heads, head_dim): what the product makes of the stream's tokens, with rows
  // around them that are not initialised.
  at::Tensor multiplied(Residual& stream, std::int64_t before, std::int64_t after, Precision precision) const;
  // Applies norm and RoPE to the queries and keys of some rows of multiplied(), in place.
  void norm_and_rope(at::Tensor own, const RopeTable& rope) const;
  // Of the tokens' rows before their norm: (tokens, kv_heads, head_dim), undefined where the media tower sees the text
  // tower's own keys.
  at::Tensor keys_for_media(const at::Tensor& own, const RopeTable& rope) const;
  // (all tokens + after, this rank's heads in attention, head_dim): as multiplied() and norm_and_rope(), of a sequence
  // that ranks share. `rope`: of all tokens; empty: as multiplied().
  at::Tensor exchanged(Residual& stream, const RopeTable& rope, std::int64_t after, const SequenceParallel& sequence,
                       Precision precision) const;
  // Keys and values in `rows` of a tensor whose rows have the heads of `share`.
  static KeyValue kv_of(const at::Tensor& projected, const Range& rows, const HeadShare& share);
  // Of all rows of one sequence as the product leaves them, with the heads of `share`.
  Float8Operands rounded_operands(const at::Tensor& own, const RopeTable& rope, const KeyValue& text,
                                  const HeadShare& share, const Float8Text& rounded) const;

  RmsNorm input_norm_;
  ColumnParallelLinear qkv_;
  HeadNorms norms_;
  HeadNorms for_media_;    // of keys alone
  std::int64_t heads_;     // of this rank
  std::int64_t kv_heads_;  // of this rank
  std::int64_t head_dim_;
  HeadScales scales_;  // of queries and keys in 8 bits; undefined without
};

// One transformer layer; both towers are made of it (MODEL.md §3, §4). Its calls are collective over the stream's
// group.
class Block {
 public:
  Block(const Weights& layer, const TowerNames& names, const Cosmos3Config& config, const ProductSettings& products,
        Attention attention);

  // Text: causal over the sequence itself, in full precision. Returns this layer's keys and values for the media tower,
  // views of larger tensors.
  KeyValue causal(Residual& stream, const RopeTable& rope) const;
  // Media: full attention over text and media. `rope`: of all tokens of `sequence`, of which the stream has this
  // rank's. `rounded`: round_text(text), for attention in 8 bits in passes of native precision; null: exact. Collective
  // over the sequence's group too.
  void joint(Residual& stream, const KeyValue& text, const RopeTable& rope, const SequenceParallel& sequence,
             Precision precision = Precision::Native, const Float8Text* rounded = nullptr) const;
  // Media of two branches of equal length, one behind the other in the stream: one product for both, and attention for
  // each with its own text. `rope`: of both; `rounded`: as for joint(), both null or none.
  void joint_pair(Residual& stream, const std::array<const KeyValue*, 2>& texts, const RopeTable& rope,
                  Precision precision, const std::array<const Float8Text*, 2>& rounded) const;
  // What attention in 8 bits needs of a text, once a request. No communication.
  Float8Text round_text(const KeyValue& text, const SequenceParallel& sequence) const {
    return project_.round_text(text, sequence);
  }

 private:
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
