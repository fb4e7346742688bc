#include "nn/attention.h"

#include <tuple>

namespace orrery {
namespace {

// (T, heads, d) → (1, heads, T, d), without a copy.
at::Tensor heads_first(const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); }

// cuDNN's kernel and no other: it takes grouped heads as they are, and a fall to another kernel, which would expand the
// keys or write the scores out, is an error rather than a slow step.
at::Tensor cudnn_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask) {
  return std::get<0>(at::_scaled_dot_product_cudnn_attention(heads_first(q), heads_first(k), heads_first(v),
                                                             /*attn_bias=*/{}, /*compute_log_sumexp=*/false,
                                                             /*dropout_p=*/0.0, mask == Mask::Causal));
}

at::Tensor any_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask) {
  const bool grouped = q.size(1) != k.size(1);
  return at::scaled_dot_product_attention(heads_first(q), heads_first(k), heads_first(v), /*attn_mask=*/{},
                                          /*dropout_p=*/0.0, mask == Mask::Causal, /*scale=*/std::nullopt, grouped);
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask) {
  const bool half = q.scalar_type() == at::kBFloat16 || q.scalar_type() == at::kHalf;
  const at::Tensor out = q.is_cuda() && half ? cudnn_attention(q, k, v, mask) : any_attention(q, k, v, mask);
  return out.squeeze(0).transpose(0, 1).reshape({q.size(0), -1});
}

}  // namespace orrery
