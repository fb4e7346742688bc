#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "base/core/shard.h"

namespace orrery {

// Rotary factors of a sequence, in the activation dtype; (tokens, 1, head_dim) each, the second half like the first.
struct RopeTable {
  at::Tensor cos;
  at::Tensor sin;
};

// What norm each head's queries and keys get before they are rotated: weights (head_dim); undefined: none.
struct HeadNorms {
  at::Tensor q;
  at::Tensor k;
  double eps = 1e-6;
};

// A rank's heads in attention, of those that a group shares out.
struct HeadShare {
  Range queries;
  Range keys;  // of keys, and of values

  std::int64_t total() const { return queries.size + 2 * keys.size; }
};

// The share of one of the ranks among which `heads` query heads are cut evenly, with the key/value heads that they see:
// where there are more ranks than `kv_heads`, several ranks have the same one. Throws Error unless the ranks divide the
// heads, and divide the kv_heads or are a multiple of them.
HeadShare head_share(std::int64_t heads, std::int64_t kv_heads, Shard shard);

// RMS norm of every query and key head, then x · cos + rotate_half(x) · sin, in place. qkv: (tokens, heads, head_dim)
// with rows of any stride: the first `heads` are queries, the next `kv_heads` keys; the rest is left alone. On a GPU in
// bfloat16 one kernel reads and writes them once.
void head_norm_rope(at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads, const HeadNorms& norms,
                    const RopeTable& rope);

// head_norm_rope() composed of ATen operations, on any device and in any dtype.
void head_norm_rope_aten(at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads, const HeadNorms& norms,
                         const RopeTable& rope);

// Where share_heads() writes a group's heads: for every token a rank's queries, then its keys, then its values.
struct SharedHeads {
  at::Tensor
      others;      // (ranks - 1, tokens, total of a share, head_dim), contiguous: for the other ranks, in their order
  at::Tensor own;  // (tokens, total of a share, head_dim), rows of any stride
  Shard shard;     // the rank that calls, among those that share
};

// head_norm_rope() with its results, and the values, written where they are sent from. qkv: (tokens, heads + 2 ·
// kv_heads, head_dim), contiguous; what is in it afterwards is not defined. On a GPU in bfloat16 one kernel.
void share_heads(const SharedHeads& to, at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads,
                 const HeadNorms& norms, const RopeTable& rope);

// share_heads() composed of ATen operations, on any device and in any dtype.
void share_heads_aten(const SharedHeads& to, at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads,
                      const HeadNorms& norms, const RopeTable& rope);

// The heads of `qkv` as they are, written where they are sent from. On a GPU in bfloat16 one kernel.
void share_heads(const SharedHeads& to, const at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads);

// share_heads() composed of ATen operations, on any device and in any dtype.
void share_heads_aten(const SharedHeads& to, const at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads);

}  // namespace orrery
