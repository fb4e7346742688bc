#pragma once

#include <ATen/ATen.h>

#include "models/kernels/head_norm_rope.h"

// Queries, keys and values of attention in 8 bits. Two things keep its error near bfloat16's:
// - Queries and keys are rotated by one fixed orthogonal matrix, which leaves their products as they are and spreads a
//   channel with outliers over the head.
// - Values lose their mean over all keys, which is added to the result, since a query's weights sum to 1: Hopper's
//   8-bit products accumulate in fewer bits than float32, and err by what the values have in common.
// Every function runs on any device and in any dtype; on a GPU in bfloat16 with heads of 32, 64, 128 or 256 those that
// say so are one kernel. Their twins composed of ATen operations end in _aten.
namespace orrery {

// Number (t, h, i) is data(t, h, i) · scale(kv head of h).
struct Float8Heads {
  at::Tensor data;   // (tokens, heads, head_dim) float8_e4m3fn, contiguous
  at::Tensor scale;  // (kv_heads) float32, contiguous
};

// Each head of x (…, head_dim; a power of two) rotated: channels with changed signs, then the Hadamard matrix in
// Sylvester's order / √head_dim. float32.
at::Tensor rotated_heads(const at::Tensor& x);

// The largest magnitude that a rotated query or key can have after head_norm_rope with the weight `gain` (head_dim):
// √(2 Σ max(gᵢ, gᵢ₊ₕ)²) over the h = head_dim / 2 pairs that RoPE mixes, since normed heads have length √head_dim; with
// room for the rounding of RoPE's table. () float32, on gain's device.
at::Tensor rotated_head_bound(const at::Tensor& gain);

// The factors that hold queries and keys of rotated_head_bound(): (kv_heads) float32 each. They need no pass over the
// numbers, and float8 loses nothing where a bound is not reached: its precision is relative.
struct HeadScales {
  at::Tensor q;
  at::Tensor k;
};
HeadScales bounded_scales(const HeadNorms& norms, std::int64_t kv_heads);

// What attention in 8 bits needs of a text beside its values, made once a request.
struct Float8Text {
  Float8Heads k;
  at::Tensor value_extents;  // (3, kv_heads, head_dim) float32: each channel's sum, least and largest value
};

// k: keys after norm and RoPE; v: values, (tokens, kv_heads, head_dim) each. Factors are `least_scale` (kv_heads), or
// larger where a key asks for it.
Float8Text float8_text(const at::Tensor& k, const at::Tensor& v, const at::Tensor& least_scale);

// head_norm_rope(), rotated and rounded. qkv: (tokens, heads, head_dim) as there, unchanged. Writes the first `tokens`
// rows of q.data and k.data by the factors that q and k have. One kernel, which reads the heads once.
void float8_head_norm_rope(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& rope, Float8Heads& q,
                           Float8Heads& k);
void float8_head_norm_rope_aten(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& rope, Float8Heads& q,
                                Float8Heads& k);

// Values less their mean over all keys.
struct CentredValues {
  Float8Heads v;
  at::Tensor mean;  // (kv_heads, head_dim) float32
};

// The mean over `media` and `text` (tokens, kv_heads, head_dim; rows of any stride), and the factors that hold what the
// mean leaves. `v.data` stays undefined. One kernel, which reads the media's values once.
CentredValues value_centre(const at::Tensor& media, const at::Tensor& text, const at::Tensor& text_extents);
CentredValues value_centre_aten(const at::Tensor& media, const at::Tensor& text, const at::Tensor& text_extents);

// The values of `media`, then of `text`, less the mean, rounded into centre.v.data. One kernel.
void round_values(const at::Tensor& media, const at::Tensor& text, CentredValues& centre);
void round_values_aten(const at::Tensor& media, const at::Tensor& text, CentredValues& centre);

// out += the mean of the head's values, in place. out: (tokens, heads, head_dim), contiguous; mean: (kv_heads,
// head_dim) float32, kv_heads dividing heads. One kernel.
void add_head_mean(at::Tensor& out, const at::Tensor& mean);
void add_head_mean_aten(at::Tensor& out, const at::Tensor& mean);

}  // namespace orrery
