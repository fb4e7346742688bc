#pragma once

#include <ATen/ATen.h>

namespace orrery {

// Attention over some of the keys.
struct PartialAttention {
  at::Tensor out;          // (tokens, heads, head_dim)
  at::Tensor log_sum_exp;  // (heads, tokens) float32, contiguous: of each query's scaled scores, natural logarithm
};

// Makes of `some.out`, in place, the attention over these keys and the `rest` (the two sets have no key in common). On
// a GPU in bfloat16, contiguous, one kernel.
void join_attention(PartialAttention& some, const PartialAttention& rest);

// join_attention() composed of ATen operations, on any device and in any dtype.
void join_attention_aten(PartialAttention& some, const PartialAttention& rest);

}  // namespace orrery
