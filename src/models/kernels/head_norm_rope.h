#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "base/core/shard.h"

namespace orrery {

// RoPE factors of a sequence, in the activation dtype: (tokens, 1, head_dim) each, both halves equal.
struct RopeTable {
  at::Tensor cos;
  at::Tensor sin;
};

// Weights (head_dim) of the RMS norms of queries and keys before RoPE; undefined: no norm.
struct HeadNorms {
  at::Tensor q;
  at::Tensor k;
  double eps = 1e-6;
};

// The heads of a rank in attention, when a group splits them.
struct HeadShare {
  Range queries;
  Range keys;  // heads of keys and of values

  std::int64_t total() const { return queries.size + 2 * keys.size; }
};

// The share of rank shard.rank when shard.size ranks split `heads` query heads evenly, with the key/value heads that
// these use. With more ranks than `kv_heads`, several ranks have the same kv head. Throws Error unless the number of
// ranks divides `heads`, and divides `kv_heads` or is a multiple of it.
HeadShare head_share(std::int64_t heads, std::int64_t kv_heads, Shard shard);

// RMS norm of every query and key head, then x · cos + rotate_half(x) · sin, in place. qkv: (tokens, heads, head_dim)
// with rows of any stride: the first `heads` are queries, the next `kv_heads` keys; the rest is not changed. On a GPU,
// bfloat16 takes one kernel that reads and writes them once.
void head_norm_rope(at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads, const HeadNorms& norms,
                    const RopeTable& rope);

// head_norm_rope() made of ATen operations, for any device and dtype.
void head_norm_rope_aten(at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads, const HeadNorms& norms,
                         const RopeTable& rope);

// The destination of share_heads(), ready for an all-to-all: for each rank and token, the rank's queries, then its
// keys, then its values.
struct SharedHeads {
  at::Tensor others;  // (ranks - 1, tokens, heads of a share, head_dim) of the other ranks in order, each contiguous
  at::Tensor own;     // (tokens, heads of a share, head_dim), rows of any stride
  Shard shard;        // this rank in the group that splits the heads
};

// head_norm_rope() that writes its results, and the values, to `to`. qkv: (tokens, heads + 2 · kv_heads, head_dim),
// contiguous; its content is undefined afterwards. On a GPU, bfloat16 takes one kernel.
void share_heads(const SharedHeads& to, at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads,
                 const HeadNorms& norms, const RopeTable& rope);

// share_heads() composed of ATen operations, on any device and in any dtype.
void share_heads_aten(const SharedHeads& to, at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads,
                      const HeadNorms& norms, const RopeTable& rope);

// Copies the heads of `qkv` unchanged to `to`. On a GPU, bfloat16 takes one kernel.
void share_heads(const SharedHeads& to, const at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads);

// share_heads() composed of ATen operations, on any device and in any dtype.
void share_heads_aten(const SharedHeads& to, const at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads);

}  // namespace orrery
