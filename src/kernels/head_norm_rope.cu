#include "kernels/gpu_check.cuh"
#include "kernels/gpu_launch.h"
#include "kernels/gpu_pack.cuh"

namespace orrery {
namespace {

constexpr int kLargestBlock = 1024;
constexpr int kWarp = 32;

struct Arguments {
  Pack* rows;
  std::int64_t row_stride;  // in packs
  int heads;                // of queries
  int all_heads;            // of queries and keys
  const Pack* q_weight;
  const Pack* k_weight;
  const Pack* cos;
  const Pack* sin;
  float eps;
};

// A block a row, kLanes neighbouring lanes a head. Rotation pairs an element with the one half a head away, which a
// lane half a group away holds.
template <int kLanes>
__global__ void head_norm_rope_kernel(Arguments a) {
  const std::int64_t row = blockIdx.x;
  const int lane = static_cast<int>(threadIdx.x % kLanes);
  const Floats cos = unpack(a.cos[row * kLanes + lane]);
  const Floats sin = unpack(a.sin[row * kLanes + lane]);
  const float sign = lane < kLanes / 2 ? -1.0F : 1.0F;
  const int per_block = static_cast<int>(blockDim.x) / kLanes;
  // Every lane takes every turn, since all of a warp take part in its exchanges.
  for (int first = 0; first < a.all_heads; first += per_block) {
    const int head = first + static_cast<int>(threadIdx.x) / kLanes;
    const bool mine = head < a.all_heads;
    Pack* const place = a.rows + row * a.row_stride + (mine ? head : 0) * kLanes + lane;
    Floats x = unpack(*place);
    const float scale = rsqrtf(sum_over_lanes<kLanes>(sum_of_squares(x)) / (kLanes * kPackWidth) + a.eps);
    const Floats gain = unpack((head < a.heads ? a.q_weight : a.k_weight)[lane]);
    Floats turned;
#pragma unroll
    for (int i = 0; i < kPackWidth; ++i) {
      x.v[i] *= scale * gain.v[i];
      const float partner = __shfl_xor_sync(0xffffffffU, x.v[i], kLanes / 2);
      turned.v[i] = x.v[i] * cos.v[i] + sign * partner * sin.v[i];
    }
    if (mine) *place = pack(turned);
  }
}

template <int kLanes>
void start(const HeadNormRopeLaunch& l, cudaStream_t stream) {
  const int all_heads = static_cast<int>(l.heads + l.kv_heads);
  const int turns = (all_heads * kLanes + kLargestBlock - 1) / kLargestBlock;
  const int threads = ((all_heads + turns - 1) / turns * kLanes + kWarp - 1) / kWarp * kWarp;
  const auto packs = [](const BFloat16* values) { return reinterpret_cast<const Pack*>(values); };
  head_norm_rope_kernel<kLanes><<<static_cast<unsigned>(l.rows), threads, 0, stream>>>(
      {reinterpret_cast<Pack*>(l.rows_begin), l.row_stride / kPackWidth, static_cast<int>(l.heads), all_heads,
       packs(l.q_weight), packs(l.k_weight), packs(l.cos), packs(l.sin), l.eps});
}

}  // namespace

void launch(const HeadNormRopeLaunch& l, int device) {
  launch_on(device, "normalise and rotate heads on a GPU", [&](cudaStream_t stream) {
    switch (l.head_dim / kPackWidth) {
      case 4:
        return start<4>(l, stream);
      case 8:
        return start<8>(l, stream);
      case 16:
        return start<16>(l, stream);
      default:
        return start<32>(l, stream);
    }
  });
}

}  // namespace orrery
