#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "models/kernels/float8_heads.h"

namespace orrery {

// Operands of attention in 8 bits (float8_heads.h).
struct Float8Operands {
  Float8Heads q;          // (queries, heads, head_dim)
  Float8Heads k;          // (keys, kv_heads, head_dim), kv_heads dividing heads
  Float8Heads v;          // like k; value_mean is subtracted
  at::Tensor value_mean;  // (kv_heads, head_dim) float32
};

// Attention with scale 1/√head_dim over all keys, of the values without their mean: (queries, heads, head_dim) in
// `dtype`. Made of ATen operations, on any device, with the roundings of FlashAttention-3's kernel: scores and sums are
// float32, and a query's weights are rounded to float8_e4m3fn, the largest being 256. It does not imitate the precision
// that the kernel loses on a GPU, which accumulates 8-bit products in fewer bits than float32.
at::Tensor float8_attention_aten(const Float8Operands& x, at::ScalarType dtype);

// Peak memory of float8_attention_aten() for scores and weights [bytes].
std::int64_t float8_scores_bytes(std::int64_t heads, std::int64_t queries, std::int64_t keys);

}  // namespace orrery
