#include "nn/attention.h"

namespace orrery {
namespace {

// (T, heads, d) → (1, heads, T, d), without a copy.
at::Tensor heads_first(const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); }

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask) {
  const bool grouped = q.size(1) != k.size(1);
  const at::Tensor out = at::scaled_dot_product_attention(heads_first(q), heads_first(k), heads_first(v),
                                                          /*attn_mask=*/{}, /*dropout_p=*/0.0, mask == Mask::Causal,
                                                          /*scale=*/std::nullopt, grouped);
  return out.squeeze(0).transpose(0, 1).reshape({q.size(0), -1});
}

}  // namespace orrery
