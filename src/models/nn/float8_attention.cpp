#include "models/nn/float8_attention.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr std::int64_t kMostScores = 1 << 22;  // computed at once
constexpr double kLargestWeight = 256;         // of a query; 2⁸ as in FlashAttention-3

std::int64_t queries_at_once(std::int64_t heads, std::int64_t queries, std::int64_t keys) {
  return std::clamp<std::int64_t>(kMostScores / (heads * keys), 1, queries);
}

// (tokens, kv_heads · group, d) → (kv_heads, group · tokens, d) in float32
at::Tensor by_kv_head(const at::Tensor& x, std::int64_t kv_heads) {
  const at::Tensor grouped = x.to(at::kFloat).view({x.size(0), kv_heads, -1, x.size(2)});
  return grouped.permute({1, 2, 0, 3}).reshape({kv_heads, -1, x.size(2)});
}

// (kv_heads, group · tokens, d) → (tokens, kv_heads · group, d)
at::Tensor tokens_first(const at::Tensor& x, std::int64_t tokens) {
  return x.view({x.size(0), -1, tokens, x.size(2)}).permute({2, 0, 1, 3}).reshape({tokens, -1, x.size(2)});
}

}  // namespace

at::Tensor float8_attention_aten(const Float8Operands& x, at::ScalarType dtype) {
  const std::int64_t kv_heads = x.k.data.size(1), queries = x.q.data.size(0), heads = x.q.data.size(1);
  const at::Tensor k = by_kv_head(x.k.data, kv_heads).transpose(1, 2), v = by_kv_head(x.v.data, kv_heads);
  const double root = std::sqrt(static_cast<double>(x.q.data.size(2)));
  const at::Tensor score_scale = (x.q.scale * x.k.scale / root).view({-1, 1, 1});
  const std::int64_t at_once = queries_at_once(heads, queries, k.size(2));
  at::Tensor out = at::empty(x.q.data.sizes(), x.value_mean.options().dtype(dtype));
  for (std::int64_t begin = 0; begin < queries; begin += at_once) {
    const std::int64_t count = std::min(at_once, queries - begin);
    at::Tensor weights = at::matmul(by_kv_head(x.q.data.narrow(0, begin, count), kv_heads), k).mul_(score_scale);
    weights.sub_(weights.amax(-1, /*keepdim=*/true)).exp_().mul_(kLargestWeight);
    const at::Tensor sums = weights.sum(-1, /*keepdim=*/true);
    const at::Tensor attended = at::matmul(weights.to(at::kFloat8_e4m3fn).to(at::kFloat), v);
    const at::Tensor rows = attended.mul_(x.v.scale.view({-1, 1, 1})).div_(sums);
    out.narrow(0, begin, count).copy_(tokens_first(rows, count));
  }
  return out;
}

std::int64_t float8_scores_bytes(std::int64_t heads, std::int64_t queries, std::int64_t keys) {
  constexpr std::int64_t kBytes = 4 + 1 + 4;  // float32 weights, their float8 values, and these in float32
  return kBytes * heads * keys * queries_at_once(heads, queries, keys);
}

}  // namespace orrery
