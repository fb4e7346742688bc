#include <cmath>

#include "base/device/launch.h"
#include "models/kernels/gpu_heads.cuh"
#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_rows.cuh"

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
  Float8HeadsOut float8;
  int group;   // query heads that share a kv head
  float root;  // 1/√head_dim
};

// A lane's part of a head, which begins at `place`, where there is one.
template <int kLanes>
__device__ void write_float8(std::uint8_t* place, const HeadFloats& x, float factor, int lane) {
  auto* const packs = reinterpret_cast<uint2*>(place);
  packs[lane] = float8_pack(x.low, factor);
  packs[lane + kLanes] = float8_pack(x.high, factor);
}

// kLanes neighbouring lanes are a group, which takes up to kHeldHeads heads of one row, all queries or all keys: every
// load is under way before the first value is needed, and the row's cosines and the gains are read once for all of
// them. In 8 bits a head is also rotated by the Hadamard matrix and goes elsewhere. What lies past the last head or row
// reads the last one along and writes nothing: all of a warp take part in its exchanges.
template <int kLanes, bool kFloat8>
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
  const bool normed = weight != nullptr;
  const Halves gain = normed ? Halves{weight[lane], weight[lane + kLanes]} : Halves{};
  // The table's second half is like its first.
  const std::int64_t angle = static_cast<std::int64_t>(row) * 2 * kLanes + lane;
  const Floats cos = unpack(a.cos[angle]);
  const Floats sin = unpack(a.sin[angle]);
  const bool mine = group / a.groups < a.count;
#pragma unroll
  for (int i = 0; i < kHeldHeads; ++i) {
    HeadFloats x = norm_and_rope<kLanes>(held[i], normed, gain, cos, sin, a.eps);
    if constexpr (kFloat8) hadamard<kLanes>(x, a.float8.flipped, lane);
    const int head = first + i * step;
    if (!mine || head >= heads) continue;
    if constexpr (kFloat8) {
      const float scale = queries ? a.float8.q_scale[head / a.group] : a.float8.k_scale[head];
      const std::int64_t at = (static_cast<std::int64_t>(row) * heads + head) * (2 * kLanes * kPackWidth);
      write_float8<kLanes>((queries ? a.float8.q : a.float8.k) + at, x, a.root / scale, lane);
    } else {
      place[head * 2 * kLanes] = pack(x.low);
      place[head * 2 * kLanes + kLanes] = pack(x.high);
    }
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
                            l.eps,
                            l.float8,
                            static_cast<int>(l.heads / l.kv_heads),
                            1 / std::sqrt(static_cast<float>(l.head_dim))};
  constexpr std::int64_t kInBlock = kThreads / kLanes;
  const auto blocks = static_cast<unsigned>((l.rows * groups + kInBlock - 1) / kInBlock);
  if (l.float8.q != nullptr) {
    head_norm_rope_kernel<kLanes, true><<<blocks, kThreads, 0, stream>>>(arguments);
  } else {
    head_norm_rope_kernel<kLanes, false><<<blocks, kThreads, 0, stream>>>(arguments);
  }
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
