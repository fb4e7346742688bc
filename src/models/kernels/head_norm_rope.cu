#include "base/device/launch.h"
#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_pack.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocksOnAnSm = 3;  // at least: bounds the registers
constexpr int kHeldHeads = 4;     // of one thread at once

enum class Kind { Query, Key, Value };

struct Arguments {
  Pack* rows;
  std::int64_t row_stride;  // in packs
  unsigned count;           // of rows
  int heads;                // of queries
  int kv_heads;
  unsigned query_groups;  // that share out a row's queries
  unsigned key_groups;    // that share out a row's keys; and as many its values, where these are written
  unsigned groups;        // of all
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

// Back to where they were read. `write` gets the first pack of the head.
struct InPlace {
  static constexpr bool kMovesValues = false;
  template <class Write>
  __device__ void place(Kind, int, unsigned, Pack* from, const Write& write) const {
    write(from);
  }
};

// Into the share of each rank that needs them: its queries, keys and values side by side.
struct Shared {
  static constexpr bool kMovesValues = true;
  Pack* own;
  std::int64_t own_stride;  // in packs
  Pack* others;
  unsigned count;  // of rows
  int queries;     // in a share
  int keys;        // in a share, and values
  int copies;      // of each key and value: ranks that have it
  int rank;        // whose `own` is
  int head_packs;

  template <class Write>
  __device__ void place(Kind kind, int head, unsigned row, Pack*, const Write& write) const {
    const bool is_query = kind == Kind::Query;
    const int size = is_query ? queries : keys;
    const int ranks = is_query ? 1 : copies;
    const int first = is_query ? 0 : kind == Kind::Key ? queries : queries + keys;
    const std::int64_t width = static_cast<std::int64_t>(queries + 2 * keys) * head_packs;
    for (int i = 0; i < ranks; ++i) {
      const int to = head * ranks / size + i;
      const std::int64_t slot = static_cast<std::int64_t>(to - (to > rank ? 1 : 0)) * count + row;
      Pack* const begin = to == rank ? own + row * own_stride : others + slot * width;
      write(begin + (first + head % size) * head_packs);
    }
  }
};

// kLanes neighbouring lanes are a group, which takes up to kHeldHeads heads of one row, all of one kind: every load is
// under way before the first value is needed, and the row's cosines and the gains are read once for all of them. What
// lies past the last head or row reads the last one along and writes nothing: all of a warp take part in its exchanges.
template <int kLanes, class Target>
__global__ void __launch_bounds__(kThreads, kBlocksOnAnSm)
    head_norm_rope_kernel(const Arguments a, const Target target) {
  const unsigned group = blockIdx.x * (kThreads / kLanes) + threadIdx.x / kLanes;
  const unsigned row = min(group / a.groups, a.count - 1);
  const unsigned in_row = group % a.groups;
  const bool queries = in_row < a.query_groups;
  const bool values = Target::kMovesValues && in_row >= a.query_groups + a.key_groups;
  const Kind kind = queries ? Kind::Query : values ? Kind::Value : Kind::Key;
  const int heads = queries ? a.heads : a.kv_heads;
  const int first = static_cast<int>(queries ? in_row : (in_row - a.query_groups) % a.key_groups);
  const int step = static_cast<int>(queries ? a.query_groups : a.key_groups);
  const int lane = static_cast<int>(threadIdx.x % kLanes);

  const int before = queries ? 0 : values ? a.heads + a.kv_heads : a.heads;  // heads in the row
  Pack* const place = a.rows + row * a.row_stride + before * 2 * kLanes + lane;
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
    const int head = first + i * step;
    if (!mine || head >= heads) continue;
    target.place(kind, head, row, place - lane + head * 2 * kLanes, [&](Pack* begin) {
      begin[lane] = values ? held[i].low : turned.low;
      begin[lane + kLanes] = values ? held[i].high : turned.high;
    });
  }
}

unsigned groups_for(std::int64_t heads) { return static_cast<unsigned>((heads + kHeldHeads - 1) / kHeldHeads); }

template <int kLanes, class Target>
void start(const HeadNormRopeLaunch& l, const Target& target, cudaStream_t stream) {
  const unsigned query_groups = groups_for(l.heads);
  const unsigned key_groups = groups_for(l.kv_heads);
  const unsigned groups = query_groups + (Target::kMovesValues ? 2 : 1) * key_groups;
  const auto packs = [](const BFloat16* values) { return reinterpret_cast<const Pack*>(values); };
  const Arguments arguments{reinterpret_cast<Pack*>(l.rows_begin),
                            l.row_stride / kPackWidth,
                            static_cast<unsigned>(l.rows),
                            static_cast<int>(l.heads),
                            static_cast<int>(l.kv_heads),
                            query_groups,
                            key_groups,
                            groups,
                            packs(l.q_weight),
                            packs(l.k_weight),
                            packs(l.cos),
                            packs(l.sin),
                            l.eps};
  constexpr std::int64_t kInBlock = kThreads / kLanes;
  const auto blocks = static_cast<unsigned>((l.rows * groups + kInBlock - 1) / kInBlock);
  head_norm_rope_kernel<kLanes><<<blocks, kThreads, 0, stream>>>(arguments, target);
}

template <class Target>
void start_for_head(const HeadNormRopeLaunch& l, const Target& target, cudaStream_t stream) {
  switch (l.head_dim / (2 * kPackWidth)) {
    case 2:
      return start<2>(l, target, stream);
    case 4:
      return start<4>(l, target, stream);
    case 8:
      return start<8>(l, target, stream);
    default:
      return start<16>(l, target, stream);
  }
}

}  // namespace

void launch(const HeadNormRopeLaunch& l, int device) {
  launch_on(device, "normalise and rotate heads on a GPU",
            [&](cudaStream_t stream) { start_for_head(l, InPlace{}, stream); });
}

void launch(const ShareHeadsLaunch& l, int device) {
  const Shared target{reinterpret_cast<Pack*>(l.own),
                      l.own_stride / kPackWidth,
                      reinterpret_cast<Pack*>(l.others),
                      static_cast<unsigned>(l.heads.rows),
                      static_cast<int>(l.share_heads),
                      static_cast<int>(l.share_keys),
                      static_cast<int>(l.ranks * l.share_keys / l.heads.kv_heads),
                      static_cast<int>(l.rank),
                      static_cast<int>(l.heads.head_dim / kPackWidth)};
  launch_on(device, "share out heads on a GPU", [&](cudaStream_t stream) { start_for_head(l.heads, target, stream); });
}

}  // namespace orrery
