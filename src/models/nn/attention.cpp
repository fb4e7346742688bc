#include "models/nn/attention.h"

#include <fmt/format.h>

#include <tuple>

#include "base/device/gpu.h"
#include "models/kernels/attention_kernels.h"
#include "models/nn/phase.h"

namespace orrery {
namespace {

// Keys in a tile of cuDNN's Hopper kernel. When the last tile is not full, cuDNN uses another kernel, which is 8 %
// slower for all keys.
constexpr std::int64_t kKeyTile = 128;
// With fewer keys, a separate call for the last tile costs more than it saves.
constexpr std::int64_t kManyKeys = 8192;

// (T, heads, d) → (1, heads, T, d), without a copy.
at::Tensor heads_first(const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); }
// (1, heads, T, d) → (T, heads, d), without a copy.
at::Tensor tokens_first(const at::Tensor& x) { return x.squeeze(0).transpose(0, 1); }

// Calls cuDNN's kernel directly, which supports grouped heads. Falling back to another kernel, which would expand the
// keys or store the scores, must be an error rather than a slow step.
PartialAttention cudnn_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask,
                                 bool log_sum_exp) {
  const auto result =
      at::_scaled_dot_product_cudnn_attention(heads_first(q), heads_first(k), heads_first(v), /*attn_bias=*/{},
                                              log_sum_exp, /*dropout_p=*/0.0, mask == Mask::Causal);
  PartialAttention partial{tokens_first(std::get<0>(result)), {}};
  if (log_sum_exp) partial.log_sum_exp = std::get<1>(result).view({q.size(1), q.size(0)});
  return partial;
}

// Attention over the keys of whole tiles, joined with attention over the remaining keys.
at::Tensor in_two_calls(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t rest = k.size(0) % kKeyTile, whole = k.size(0) - rest;
  const auto over = [&](std::int64_t begin, std::int64_t size) {
    return cudnn_attention(q, k.narrow(0, begin, size), v.narrow(0, begin, size), Mask::None, /*log_sum_exp=*/true);
  };
  PartialAttention some = over(0, whole);
  join_attention(some, over(whole, rest));
  return some.out;
}

at::Tensor gpu_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask) {
  const bool uneven = k.size(0) % kKeyTile != 0;
  if (mask == Mask::None && uneven && k.size(0) >= kManyKeys) return in_two_calls(q, k, v);
  return cudnn_attention(q, k, v, mask, /*log_sum_exp=*/false).out;
}

at::Tensor any_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask) {
  const bool grouped = q.size(1) != k.size(1);
  return tokens_first(at::scaled_dot_product_attention(heads_first(q), heads_first(k), heads_first(v), /*attn_mask=*/{},
                                                       /*dropout_p=*/0.0, mask == Mask::Causal,
                                                       /*scale=*/std::nullopt, grouped));
}

bool is_half(at::ScalarType dtype) { return dtype == at::kBFloat16 || dtype == at::kHalf; }

}  // namespace

std::string name_of(AttentionKernel kernel) {
  switch (kernel) {
    case AttentionKernel::Fa3:
      return "fa3";
    case AttentionKernel::Cudnn:
      return "cudnn";
    default:
      return "aten";
  }
}

AttentionKernel libtorch_kernel(const AttentionCase& attention) {
  return attention.device.is_cuda() && is_half(attention.dtype) ? AttentionKernel::Cudnn : AttentionKernel::Aten;
}

std::string fa3_problem(const AttentionCase& attention) {
  constexpr std::int64_t kLargestHead = 256, kHeadUnit = 8;
  if (!attention.device.is_cuda()) return "it runs on GPUs, not on CPUs";
  if (attention.dtype != at::kBFloat16) return "it computes in bfloat16, not in other types";
  if (!is_hopper(attention.device.index())) return "it is made for NVIDIA Hopper GPUs (H100, H200)";
  if (attention.head_dim % kHeadUnit != 0 || attention.head_dim > kLargestHead) {
    return fmt::format("it takes heads of a multiple of 8 up to 256 values, not of {}", attention.head_dim);
  }
  return "";
}

std::string float8_problem(std::int64_t head_dim) {
  constexpr std::int64_t kLargest = 256;
  const bool is_power = head_dim > 1 && (head_dim & (head_dim - 1)) == 0;
  if (is_power && head_dim <= kLargest) return "";
  return fmt::format("heads of {} values cannot be rotated by a Hadamard matrix: it takes powers of two up to {}",
                     head_dim, kLargest);
}

at::Tensor Attention::operator()(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask) const {
  const auto compute = [&] {
    if (fa3_) return (*fa3_)(q, k, v, mask == Mask::Causal);
    const AttentionCase attention{q.device(), q.scalar_type(), q.size(2)};
    return libtorch_kernel(attention) == AttentionKernel::Cudnn ? gpu_attention(q, k, v, mask)
                                                                : any_attention(q, k, v, mask);
  };
  return compute().reshape({q.size(0), -1});
}

Attention Attention::in(RowFormat format) const {
  Attention attention = *this;
  attention.format_ = format;
  return attention;
}

at::Tensor Attention::operator()(const Float8Operands& x, at::ScalarType dtype) const {
  at::Tensor out = fa3_ ? (*fa3_)(x.q, x.k, x.v).to(dtype) : float8_attention_aten(x, dtype);
  phase("mean added", [&] { add_head_mean(out, x.value_mean); });
  return out.reshape({out.size(0), -1});
}

}  // namespace orrery
