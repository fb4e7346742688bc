#pragma once

#include <ATen/ATen.h>

#include <cstdint>

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

// RMS norm of every query and key head, then x · cos + rotate_half(x) · sin, in place. qkv: (tokens, heads, head_dim)
// with rows of any stride: the first `heads` are queries, the next `kv_heads` keys; the rest is left alone. On a GPU in
// bfloat16 one kernel reads and writes them once.
void head_norm_rope(at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads, const HeadNorms& norms,
                    const RopeTable& rope);

// head_norm_rope() composed of ATen operations, on any device and in any dtype.
void head_norm_rope_aten(at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads, const HeadNorms& norms,
                         const RopeTable& rope);

}  // namespace orrery
