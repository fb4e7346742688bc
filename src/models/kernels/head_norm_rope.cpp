#include "models/kernels/head_norm_rope.h"

#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_layout.h"

namespace orrery {
namespace {

bool heads_fit(const at::Tensor& qkv) {
  const std::int64_t width = qkv.size(2);
  return (width == 32 || width == 64 || width == 128 || width == 256) && qkv.stride(2) == 1 && qkv.stride(1) == width &&
         packed_rows(qkv.select(1, 0));
}

const at::BFloat16* begin_or_null(const at::Tensor& x) {
  return x.defined() ? x.const_data_ptr<at::BFloat16>() : nullptr;
}

// x · cos + rotate_half(x) · sin.
at::Tensor rotate(const at::Tensor& x, const RopeTable& rope) {
  const std::int64_t half = x.size(-1) / 2;
  const at::Tensor turned = at::cat({x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)}, -1);
  return at::addcmul(x * rope.cos, turned, rope.sin);
}

}  // namespace

void head_norm_rope(at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads, const HeadNorms& norms,
                    const RopeTable& rope) {
  if (!heads_fit(qkv)) return head_norm_rope_aten(qkv, heads, kv_heads, norms, rope);
  launch({.rows_begin = qkv.data_ptr<at::BFloat16>(),
          .rows = qkv.size(0),
          .row_stride = qkv.stride(0),
          .heads = heads,
          .kv_heads = kv_heads,
          .head_dim = qkv.size(2),
          .q_weight = begin_or_null(norms.q),
          .k_weight = begin_or_null(norms.k),
          .cos = rope.cos.const_data_ptr<at::BFloat16>(),
          .sin = rope.sin.const_data_ptr<at::BFloat16>(),
          .eps = static_cast<float>(norms.eps)},
         qkv.get_device());
}

void head_norm_rope_aten(at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads, const HeadNorms& norms,
                         const RopeTable& rope) {
  const auto turn = [&](std::int64_t first, std::int64_t count, const at::Tensor& weight) {
    if (count == 0) return;
    at::Tensor part = qkv.narrow(1, first, count);
    part.copy_(rotate(weight.defined() ? at::rms_norm(part, {part.size(2)}, weight, norms.eps) : part, rope));
  };
  turn(0, heads, norms.q);
  turn(heads, kv_heads, norms.k);
}

}  // namespace orrery
