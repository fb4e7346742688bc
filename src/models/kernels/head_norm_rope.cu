#include "base/device/launch.h"
#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_pack.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocksOnAnSm = 3;  // at least: bounds the registers
constexpr int kHeldHeads = 4;     // of one thread at once

struct Arguments {
  Pack* rows;
  std::int64_t row_stride;  // in packs
  unsigned count;           // of rows
  int heads;                // of queries
  int kv_heads;
  unsigned query_groups;  // that share out a row's queries
  unsigned groups;        // of queries and keys
  const Pack* q_weight;
  const Pack* k_weight;
  const Pack* cos;
  const Pack* sin;
  float eps;
};

// Rotation pairs an element with the one half a head away: a lane holds both.
struct Halves {
  Pack low;
  Pack high;
};

template <int kLanes>
__device__ Halves turn(const Halves& head, const Halves& gain, const Floats& cos, const Floats& sin, float eps) {
  Floats low = unpack(head.low);
  Floats high = unpack(head.high);
  const float squares = sum_over_lanes<kLanes>(sum_of_squares(low) + sum_of_squares(high));
  const float scale = rsqrtf(squares / (2 * kLanes * kPackWidth) + eps);
  const Floats low_gain = unpack(gain.low);
  const Floats high_gain = unpack(gain.high);
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) {
    const float x = low.v[i] * (scale * low_gain.v[i]);
    const float y = high.v[i] * (scale * high_gain.v[i]);
    low.v[i] = x * cos.v[i] - y * sin.v[i];
    high.v[i] = y * cos.v[i] + x * sin.v[i];
  }
  return {pack(low), pack(high)};
}

// kLanes neighbouring lanes are a group, which takes up to kHeldHeads heads of one row, all queries or all keys: every
// load is under way before the first value is needed, and the row's cosines and the gains are read once for all of
// them. What lies past the last head or row reads the last one along and writes nothing: all of a warp take part in its
// exchanges.
template <int kLanes>
__global__ void __launch_bounds__(kThreads, kBlocksOnAnSm) head_norm_rope_kernel(const Arguments a) {
  const unsigned group = blockIdx.x * (kThreads / kLanes) + threadIdx.x / kLanes;
  const unsigned row = min(group / a.groups, a.count - 1);
  const unsigned in_row = group % a.groups;
  const bool queries = in_row < a.query_groups;
  const int heads = queries ? a.heads : a.kv_heads;
  const int first = static_cast<int>(queries ? in_row : in_row - a.query_groups);
  const int step = static_cast<int>(queries ? a.query_groups : a.groups - a.query_groups);
  const int lane = static_cast<int>(threadIdx.x % kLanes);

  Pack* const place = a.rows + row * a.row_stride + (queries ? 0 : a.heads) * 2 * kLanes + lane;
  Halves held[kHeldHeads];
#pragma unroll
  for (int i = 0; i < kHeldHeads; ++i) {
    const int at = min(first + i * step, heads - 1) * 2 * kLanes;
    held[i] = {place[at], place[at + kLanes]};
  }
  const Pack* const weight = queries ? a.q_weight : a.k_weight;
  const Halves gain{weight[lane], weight[lane + kLanes]};
  // The table's second half is like its first.
  const std::int64_t angle = static_cast<std::int64_t>(row) * 2 * kLanes + lane;
  const Floats cos = unpack(a.cos[angle]);
  const Floats sin = unpack(a.sin[angle]);
  const bool mine = group / a.groups < a.count;
#pragma unroll
  for (int i = 0; i < kHeldHeads; ++i) {
    const Halves turned = turn<kLanes>(held[i], gain, cos, sin, a.eps);
    const int at = (first + i * step) * 2 * kLanes;
    if (!mine || first + i * step >= heads) continue;
    place[at] = turned.low;
    place[at + kLanes] = turned.high;
  }
}

unsigned groups_for(std::int64_t heads) { return static_cast<unsigned>((heads + kHeldHeads - 1) / kHeldHeads); }

template <int kLanes>
void start(const HeadNormRopeLaunch& l, cudaStream_t stream) {
  const unsigned query_groups = groups_for(l.heads);
  const unsigned groups = query_groups + groups_for(l.kv_heads);
  const auto packs = [](const BFloat16* values) { return reinterpret_cast<const Pack*>(values); };
  const Arguments arguments{reinterpret_cast<Pack*>(l.rows_begin),
                            l.row_stride / kPackWidth,
                            static_cast<unsigned>(l.rows),
                            static_cast<int>(l.heads),
                            static_cast<int>(l.kv_heads),
                            query_groups,
                            groups,
                            packs(l.q_weight),
                            packs(l.k_weight),
                            packs(l.cos),
                            packs(l.sin),
                            l.eps};
  constexpr std::int64_t kInBlock = kThreads / kLanes;
  const auto blocks = static_cast<unsigned>((l.rows * groups + kInBlock - 1) / kInBlock);
  head_norm_rope_kernel<kLanes><<<blocks, kThreads, 0, stream>>>(arguments);
}

}  // namespace

void launch(const HeadNormRopeLaunch& l, int device) {
  launch_on(device, "normalise and rotate heads on a GPU", [&](cudaStream_t stream) {
    switch (l.head_dim / (2 * kPackWidth)) {
      case 2:
        return start<2>(l, stream);
      case 4:
        return start<4>(l, stream);
      case 8:
        return start<8>(l, stream);
      default:
        return start<16>(l, stream);
    }
  });
}

}  // namespace orrery
