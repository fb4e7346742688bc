#pragma once

#include <ATen/ATen.h>

#include "models/kernels/head_norm_rope.h"

// Queries, keys and values of attention in 8 bits. Two methods keep its error near bfloat16's:
// - Queries and keys are rotated by a fixed orthogonal matrix, which does not change their products and spreads
//   channels with outliers over the head.
// - The values' mean over all keys is subtracted and added back to the result, since a query's weights sum to 1:
//   Hopper's 8-bit products accumulate in fewer bits than float32, and their error grows with the values' mean.
// Every function supports any device and dtype. "One kernel" below holds for bfloat16 on a GPU with heads of 32, 64,
// 128 or 256 values. The equivalents made of ATen operations end in _aten.
namespace orrery {

// Element (t, h, i) is data(t, h, i) · scale(kv head of h).
struct Float8Heads {
  at::Tensor data;   // (tokens, heads, head_dim) float8_e4m3fn, contiguous
  at::Tensor scale;  // (kv_heads) float32, contiguous
};

// Rotates each head of x (…, head_dim), head_dim a power of two: changes the signs of some channels, then multiplies by
// the Hadamard matrix in Sylvester's order / √head_dim. Result: float32.
at::Tensor rotated_heads(const at::Tensor& x);

// Upper bound on the magnitude of rotated queries or keys after head_norm_rope() with the weight `gain` (head_dim): √(2
// Σ max(gᵢ, gᵢ₊ₕ)²) over the h = head_dim / 2 pairs that RoPE mixes, since normed heads have length √head_dim, with a
// margin for the rounding of RoPE's table. Result: () float32, on gain's device.
at::Tensor rotated_head_bound(const at::Tensor& gain);

// Factors that fit queries and keys up to rotated_head_bound() into float8: (kv_heads) float32 each. They need no pass
// over the data, and float8 loses no precision when a bound is not reached, since its precision is relative.
struct HeadScales {
  at::Tensor q;
  at::Tensor k;
};
HeadScales bounded_scales(const HeadNorms& norms, std::int64_t kv_heads);

// What attention in 8 bits needs from a text besides its values. Made once for each request.
struct Float8Text {
  Float8Heads k;
  at::Tensor value_extents;  // (3, kv_heads, head_dim) float32: sum, minimum and maximum of each channel
};

// k: keys after norm and RoPE; v: values; (tokens, kv_heads, head_dim) each. Factors are `least_scale` (kv_heads), or
// larger when a key needs it.
Float8Text float8_text(const at::Tensor& k, const at::Tensor& v, const at::Tensor& least_scale);

// head_norm_rope(), followed by the rotation and by rounding with the factors in q.scale and k.scale. qkv is as for
// head_norm_rope(), but is not changed. Writes the first `tokens` rows of q.data and k.data. One kernel, which reads
// the heads once.
void float8_head_norm_rope(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& rope, Float8Heads& q,
                           Float8Heads& k);
void float8_head_norm_rope_aten(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& rope, Float8Heads& q,
                                Float8Heads& k);

// Values without their mean over all keys.
struct CentredValues {
  Float8Heads v;
  at::Tensor mean;  // (kv_heads, head_dim) float32
};

// The mean over `media` and `text` (tokens, kv_heads, head_dim; rows of any stride), and the factors that fit the
// differences from the mean into float8. `v.data` stays undefined. Reads the media's values once.
CentredValues value_centre(const at::Tensor& media, const at::Tensor& text, const at::Tensor& text_extents);
CentredValues value_centre_aten(const at::Tensor& media, const at::Tensor& text, const at::Tensor& text_extents);

// Rounds the values of `media`, then of `text`, minus the mean, into centre.v.data. One kernel.
void round_values(const at::Tensor& media, const at::Tensor& text, CentredValues& centre);
void round_values_aten(const at::Tensor& media, const at::Tensor& text, CentredValues& centre);

// Adds the mean of each head's values to out, in place. out: (tokens, heads, head_dim), contiguous; mean: (kv_heads,
// head_dim) float32, kv_heads dividing heads. One kernel.
void add_head_mean(at::Tensor& out, const at::Tensor& mean);
void add_head_mean_aten(at::Tensor& out, const at::Tensor& mean);

}  // namespace orrery
