#include <cmath>

#include "base/device/launch.h"
#include "models/kernels/gpu_heads.cuh"
#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_rows.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocksOnAnSm = 3;  // minimum, which limits the registers of a thread
constexpr int kHeldHeads = 4;     // heads held by one thread at a time

enum class Kind { Query, Key, Value };

struct Arguments {
  Pack* rows;
  std::int64_t row_stride;  // in packs
  unsigned count;           // number of rows
  int heads;                // query heads
  int kv_heads;
  unsigned query_groups;  // groups of lanes that split a row's query heads
  unsigned key_groups;    // groups of lanes for a row's keys, and as many for its values if these are written
  unsigned groups;        // all groups of a row
  const Pack* q_weight;
  const Pack* k_weight;
  const Pack* cos;
  const Pack* sin;
  float eps;
  Float8HeadsOut float8;
  int group;   // query heads that share a kv head
  float root;  // 1/√head_dim
};

// Writes a lane's part of the head that begins at `place`.
template <int kLanes>
__device__ void write_float8(std::uint8_t* place, const HeadFloats& x, float factor, int lane) {
  auto* const packs = reinterpret_cast<uint2*>(place);
  packs[lane] = float8_pack(x.low, factor);
  packs[lane + kLanes] = float8_pack(x.high, factor);
}

// Target that writes heads back in place. Calls write(first pack of the head).
struct InPlace {
  static constexpr bool kMovesValues = false, kRaw = false, kFloat8 = false;
  template <class Write>
  __device__ void place(Kind, int, unsigned, Pack* from, const Write& write) const {
    write(from);
  }
};

// Target that rotates heads by the Hadamard matrix and rounds them into Arguments::float8.
struct InFloat8 {
  static constexpr bool kMovesValues = false, kRaw = false, kFloat8 = true;
};

// Target that writes heads into the shares of all ranks that need them, each with its queries, keys and values. kIsRaw:
// moves heads unchanged.
template <bool kIsRaw>
struct Shared {
  static constexpr bool kMovesValues = true, kRaw = kIsRaw, kFloat8 = false;
  Pack* own;
  std::int64_t own_stride;  // in packs
  Pack* others;
  std::int64_t others_stride;  // in packs, between ranks
  int queries;                 // heads in a share
  int keys;                    // heads in a share; as many values
  int copies;                  // ranks that have the same key head
  int rank;                    // this rank, whose share is `own`
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
      Pack* const other = others + static_cast<std::int64_t>(to - (to > rank ? 1 : 0)) * others_stride;
      Pack* const begin = to == rank ? own + row * own_stride : other + row * width;
      write(begin + (first + head % size) * head_packs);
    }
  }
};

// A group of kLanes neighbouring lanes handles up to kHeldHeads heads of one row and of one kind: all loads are under
// way before the first value is needed, and the row's cosines and gains are read once for all heads. Groups beyond the
// last head or row read that one again and write nothing, since all lanes of a warp take part in its shuffles.
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

  const int before = queries ? 0 : values ? a.heads + a.kv_heads : a.heads;  // heads before this kind in the row
  Pack* const place = a.rows + row * a.row_stride + before * 2 * kLanes + lane;
  Halves held[kHeldHeads];
#pragma unroll
  for (int i = 0; i < kHeldHeads; ++i) {
    const int at = min(first + i * step, heads - 1) * 2 * kLanes;
    held[i] = {place[at], place[at + kLanes]};
  }
  bool normed = false;
  Halves gain{};
  Floats cos, sin;
  if constexpr (!Target::kRaw) {
    const Pack* const weight = queries ? a.q_weight : a.k_weight;
    normed = weight != nullptr;
    if (normed) gain = {weight[lane], weight[lane + kLanes]};
    // Both halves of the table are equal.
    const std::int64_t angle = static_cast<std::int64_t>(row) * 2 * kLanes + lane;
    cos = unpack(a.cos[angle]);
    sin = unpack(a.sin[angle]);
  }
  const bool mine = group / a.groups < a.count;
#pragma unroll
  for (int i = 0; i < kHeldHeads; ++i) {
    const int head = first + i * step;
    HeadFloats x;
    if constexpr (!Target::kRaw) x = norm_and_rope<kLanes>(held[i], normed, gain, cos, sin, a.eps);
    if constexpr (Target::kFloat8) hadamard<kLanes>(x, a.float8.flipped, lane);
    if (!mine || head >= heads) continue;
    if constexpr (Target::kFloat8) {
      const float scale = queries ? a.float8.q_scale[head / a.group] : a.float8.k_scale[head];
      const std::int64_t at = (static_cast<std::int64_t>(row) * heads + head) * (2 * kLanes * kPackWidth);
      write_float8<kLanes>((queries ? a.float8.q : a.float8.k) + at, x, a.root / scale, lane);
    } else {
      const Halves out = Target::kRaw || values ? held[i] : Halves{pack(x.low), pack(x.high)};
      target.place(kind, head, row, place - lane + head * 2 * kLanes, [&](Pack* begin) {
        begin[lane] = out.low;
        begin[lane + kLanes] = out.high;
      });
    }
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
                            l.eps,
                            l.float8,
                            static_cast<int>(l.heads / l.kv_heads),
                            1 / std::sqrt(static_cast<float>(l.head_dim))};
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

template <bool kIsRaw>
Shared<kIsRaw> shared(const ShareHeadsLaunch& l) {
  return {reinterpret_cast<Pack*>(l.own),
          l.own_stride / kPackWidth,
          reinterpret_cast<Pack*>(l.others),
          l.others_stride / kPackWidth,
          static_cast<int>(l.share_heads),
          static_cast<int>(l.share_keys),
          static_cast<int>(l.ranks * l.share_keys / l.heads.kv_heads),
          static_cast<int>(l.rank),
          static_cast<int>(l.heads.head_dim / kPackWidth)};
}

}  // namespace

void launch(const HeadNormRopeLaunch& l, int device) {
  launch_on(device, "normalise and rotate heads on a GPU", [&](cudaStream_t stream) {
    if (l.float8.q != nullptr) {
      start_for_head(l, InFloat8{}, stream);
    } else {
      start_for_head(l, InPlace{}, stream);
    }
  });
}

void launch(const ShareHeadsLaunch& l, int device) {
  launch_on(device, "share out heads on a GPU", [&](cudaStream_t stream) {
    if (l.heads.q_weight == nullptr) {
      start_for_head(l.heads, shared<true>(l), stream);
    } else {
      start_for_head(l.heads, shared<false>(l), stream);
    }
  });
}

}  // namespace orrery
