#include "base/device/launch.h"
#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_pack.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 256;

// One thread for each pack of a token's head.
__global__ void join_attention_kernel(JoinAttentionLaunch l, std::int64_t count) {
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (index >= count) return;
  const auto row = static_cast<unsigned>(index / (l.head_dim / kPackWidth));
  const auto heads = static_cast<unsigned>(l.heads);
  const std::int64_t query = row % heads * l.tokens + row / heads;
  const float share = 1 / (1 + __expf(l.log_sum_exp[query] - l.rest_log_sum_exp[query]));
  Pack& out = reinterpret_cast<Pack*>(l.out)[index];
  Floats joined = unpack(out);
  const Floats rest = unpack(reinterpret_cast<const Pack*>(l.rest)[index]);
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) joined.v[i] += share * (rest.v[i] - joined.v[i]);
  out = pack(joined);
}

}  // namespace

void launch(const JoinAttentionLaunch& l, int device) {
  launch_on(device, "join attention over two sets of keys on a GPU", [&](cudaStream_t stream) {
    const std::int64_t count = l.tokens * l.heads * l.head_dim / kPackWidth;
    join_attention_kernel<<<static_cast<unsigned>((count + kThreads - 1) / kThreads), kThreads, 0, stream>>>(l, count);
  });
}

}  // namespace orrery
