#include "models/kernels/join_attention.h"

#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_layout.h"

namespace orrery {
namespace {

bool fits(const PartialAttention& a) {
  return a.out.is_contiguous() && packed_rows(a.out.flatten(1)) && a.out.size(2) % 8 == 0 &&
         a.log_sum_exp.is_contiguous();
}

}  // namespace

void join_attention(PartialAttention& some, const PartialAttention& rest) {
  if (!fits(some) || !fits(rest)) return join_attention_aten(some, rest);
  launch(JoinAttentionLaunch{.out = some.out.data_ptr<at::BFloat16>(),
                             .log_sum_exp = some.log_sum_exp.const_data_ptr<float>(),
                             .rest = rest.out.const_data_ptr<at::BFloat16>(),
                             .rest_log_sum_exp = rest.log_sum_exp.const_data_ptr<float>(),
                             .tokens = some.out.size(0),
                             .heads = some.out.size(1),
                             .head_dim = some.out.size(2)},
         some.out.get_device());
}

// The rest's share of all weights is e^rest / (e^some + e^rest).
void join_attention_aten(PartialAttention& some, const PartialAttention& rest) {
  const at::Tensor share = at::sigmoid(rest.log_sum_exp - some.log_sum_exp).t().unsqueeze(-1);
  some.out.lerp_(rest.out, share.to(some.out.scalar_type()));
}

}  // namespace orrery
