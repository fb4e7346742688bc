#pragma once

#include <ATen/ATen.h>

#include <string>

#include "cosmos3/config.h"
#include "nn/attention.h"
#include "nn/linear.h"
#include "nn/mlp.h"
#include "nn/norm.h"
#include "nn/rope.h"

namespace orrery {

// Keys (after norm and RoPE) and values of one layer, this rank's kv heads: (tokens, kv_heads / tp, head_dim) each.
struct KeyValue {
  at::Tensor k;
  at::Tensor v;
};

// The names under which one tower's tensors stand in a layer's scope.
struct TowerNames {
  std::string q, k, v, out, norm_q, norm_k, input_norm, mlp_norm, mlp;
  static TowerNames und();
  static TowerNames gen();
};

// Queries, keys and values of one layer: norm, one product, norm of each head, RoPE. No communication.
class QkvProjection {
 public:
  struct Result {
    at::Tensor q;  // (tokens, heads / tp, head_dim)
    KeyValue kv;
  };

  QkvProjection(const Weights& layer, const TowerNames& names, const Cosmos3Config& config);
  // x: (tokens, hidden). The values are a view of the product.
  Result operator()(const at::Tensor& x, const RopeTable& rope) const;

 private:
  at::Tensor product(const at::Tensor& x) const;

  RmsNorm input_norm_;
  ColumnParallelLinear qkv_;
  RmsNorm q_norm_;
  RmsNorm k_norm_;
  std::int64_t heads_;     // of this rank
  std::int64_t kv_heads_;  // of this rank
  std::int64_t head_dim_;
};

// One transformer layer; both towers are made of it (MODEL.md §3, §4). Collective over `tp`, which must outlive it.
class Block {
 public:
  Block(const Weights& layer, const TowerNames& names, const Cosmos3Config& config, Collectives& tp);

  // Text: causal over the sequence itself. x: (tokens, hidden), replaced; returns this layer's keys and values.
  KeyValue causal(at::Tensor& x, const RopeTable& rope) const;
  // Media: full attention over [text | x]. x: (tokens, hidden), replaced.
  void joint(at::Tensor& x, const KeyValue& text, const RopeTable& rope) const;

 private:
  void finish(at::Tensor& x, const at::Tensor& attended) const;

  QkvProjection project_;
  RowParallelLinear out_;
  RmsNorm mlp_norm_;
  SwiGlu mlp_;
};

}  // namespace orrery
