#include "models/kernels/head_norm_rope.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/error.h"
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

HeadShare head_share(std::int64_t heads, std::int64_t kv_heads, Shard shard) {
  const std::int64_t ranks = shard.size;
  require(heads % ranks == 0 && (kv_heads % ranks == 0 || ranks % kv_heads == 0),
          fmt::format("{} query and {} key/value heads cannot be shared among {} ranks", heads, kv_heads, ranks));
  return {shard.slice(heads), {shard.rank * kv_heads / ranks, std::max<std::int64_t>(kv_heads / ranks, 1)}};
}

namespace {

HeadNormRopeLaunch launch_of(at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads, const HeadNorms& norms,
                             const RopeTable& rope) {
  return {.rows_begin = qkv.data_ptr<at::BFloat16>(),
          .rows = qkv.size(0),
          .row_stride = qkv.stride(0),
          .heads = heads,
          .kv_heads = kv_heads,
          .head_dim = qkv.size(2),
          .q_weight = begin_or_null(norms.q),
          .k_weight = begin_or_null(norms.k),
          .cos = rope.cos.const_data_ptr<at::BFloat16>(),
          .sin = rope.sin.const_data_ptr<at::BFloat16>(),
          .eps = static_cast<float>(norms.eps)};
}

}  // namespace

void head_norm_rope(at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads, const HeadNorms& norms,
                    const RopeTable& rope) {
  if (!heads_fit(qkv)) return head_norm_rope_aten(qkv, heads, kv_heads, norms, rope);
  launch(launch_of(qkv, heads, kv_heads, norms, rope), qkv.get_device());
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

namespace {

// Launches share_heads() for the source rows `heads`.
void launch_shares(const SharedHeads& to, const HeadNormRopeLaunch& heads, int device) {
  const HeadShare share = head_share(heads.heads, heads.kv_heads, to.shard);
  launch(ShareHeadsLaunch{.heads = heads,
                          .own = to.own.data_ptr<at::BFloat16>(),
                          .own_stride = to.own.stride(0),
                          .others = to.others.data_ptr<at::BFloat16>(),
                          .others_stride = to.others.stride(0),
                          .share_heads = share.queries.size,
                          .share_keys = share.keys.size,
                          .ranks = to.shard.size,
                          .rank = to.shard.rank},
         device);
}

}  // namespace

void share_heads(const SharedHeads& to, at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads,
                 const HeadNorms& norms, const RopeTable& rope) {
  if (!heads_fit(qkv) || !heads_fit(to.own)) return share_heads_aten(to, qkv, heads, kv_heads, norms, rope);
  launch_shares(to, launch_of(qkv, heads, kv_heads, norms, rope), qkv.get_device());
}

void share_heads_aten(const SharedHeads& to, at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads,
                      const HeadNorms& norms, const RopeTable& rope) {
  head_norm_rope_aten(qkv, heads, kv_heads, norms, rope);
  share_heads_aten(to, qkv, heads, kv_heads);
}

void share_heads(const SharedHeads& to, const at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads) {
  if (!heads_fit(qkv) || !heads_fit(to.own)) return share_heads_aten(to, qkv, heads, kv_heads);
  launch_shares(to,
                {.rows_begin = qkv.data_ptr<at::BFloat16>(),
                 .rows = qkv.size(0),
                 .row_stride = qkv.stride(0),
                 .heads = heads,
                 .kv_heads = kv_heads,
                 .head_dim = qkv.size(2)},
                qkv.get_device());
}

void share_heads_aten(const SharedHeads& to, const at::Tensor& qkv, std::int64_t heads, std::int64_t kv_heads) {
  for (int rank = 0; rank < to.shard.size; ++rank) {
    const HeadShare share = head_share(heads, kv_heads, {rank, to.shard.size});
    const at::Tensor rows = rank == to.shard.rank ? to.own : to.others[rank < to.shard.rank ? rank : rank - 1];
    std::int64_t filled = 0;
    const auto add = [&](std::int64_t first, std::int64_t count) {
      rows.narrow(1, filled, count).copy_(qkv.narrow(1, first, count));
      filled += count;
    };
    add(share.queries.begin, share.queries.size);
    add(heads + share.keys.begin, share.keys.size);
    add(heads + kv_heads + share.keys.begin, share.keys.size);
  }
}

}  // namespace orrery
