#include "base/device/launch.h"
#include "models/kernels/pixel_view.cuh"
#include "models/kernels/tensor_core.cuh"

// Computes a matrix product, with pixels as rows and outputs as columns, for each of the 27 taps; all sums stay in
// registers. A block makes 4 frames of 8 × 32 pixels. Shared memory holds 16 channels of all input pixels of the block,
// while the next 16 channels are being copied. A pixel read from it is used for the sums of up to 3 frames, and a
// weight for the pixels of 6 frames, so that tensor cores are the limit, not memory.
namespace orrery {
namespace {

constexpr unsigned kWarp = 32;
constexpr unsigned kTaps = 3;
constexpr unsigned kFrames = kNarrowConvFrames;
constexpr unsigned kRows = 8;  // one warp for each row
constexpr unsigned kColumns = 32;
constexpr unsigned kThreads = kWarp * kRows;
constexpr unsigned kOutputs = 12;
constexpr unsigned kTiles = 2;       // tiles of 8 outputs
constexpr unsigned kPixelTiles = 2;  // tiles of 16 pixels in a warp
// Size of the block's input.
constexpr unsigned kReadFrames = kFrames + kTaps - 1;
constexpr unsigned kReadRows = kRows + kTaps - 1;
constexpr unsigned kReadColumns = kColumns + kTaps - 1;
constexpr unsigned kPixelPacks = 2;  // 16 channels
constexpr unsigned kReadPacks = kReadFrames * kReadRows * kReadColumns * kPixelPacks;
constexpr unsigned kCopies = (kReadPacks + kThreads - 1) / kThreads;  // copies of a thread for 16 channels
constexpr unsigned kCopiesBehindTap = (kCopies + kTaps * kTaps - 1) / (kTaps * kTaps);
constexpr unsigned kStagePacks = kCopies * kThreads;
constexpr unsigned kSharedBytes = 2 * kStagePacks * sizeof(Pack);

// The position of a pack among the two of a pixel. Swapped every four pixels, to avoid bank conflicts.
__device__ inline unsigned pack_place(unsigned column, unsigned pack) { return pack ^ (column / 4 % 2); }

// Sources and destinations of a thread's copies for 16 channels, in packs. They are the same for every 16 channels,
// apart from an offset.
struct Copies {
  unsigned from[kCopies];
  unsigned to[kCopies];
};
constexpr unsigned kNothing = ~0U;  // source outside the picture: zeros are written

__device__ Copies copies_of(const NarrowConvLaunch& l, const PixelPlace& origin) {
  const auto packs = [](std::int64_t elements) { return static_cast<unsigned>(elements / kPackWidth); };
  const unsigned a_frame = packs(l.x.frame), a_row = packs(l.x.row), a_column = packs(l.x.column);
  Copies copies;
#pragma unroll
  for (unsigned i = 0; i < kCopies; ++i) {
    const unsigned index = i * kThreads + threadIdx.y * kWarp + threadIdx.x;
    const unsigned pack = index % kPixelPacks, pixel = index / kPixelPacks;
    const unsigned column = pixel % kReadColumns, line = pixel / kReadColumns;
    const PixelPlace place{origin.frame + line / kReadRows, origin.row + line % kReadRows, origin.column + column};
    const bool inside =
        index < kReadPacks && place.row < l.size.rows + kTaps - 1 && place.column < l.size.columns + kTaps - 1;
    copies.from[i] = inside ? place.frame * a_frame + place.row * a_row + place.column * a_column + pack : kNothing;
    copies.to[i] = pixel * kPixelPacks + pack_place(column, pack);
  }
  return copies;
}

// Starts those copies that follow tap `tap` of the picture.
__device__ inline void begin_copies(const NarrowConvLaunch& l, const Copies& copies, unsigned chunk, unsigned tap,
                                    Pack* stage) {
  const auto* const x = reinterpret_cast<const Pack*>(l.x.data) + chunk * kPixelPacks;
#pragma unroll
  for (unsigned i = tap * kCopiesBehindTap; i < min((tap + 1) * kCopiesBehindTap, kCopies); ++i) {
    const bool wanted = copies.from[i] != kNothing;
    copy_async(stage + copies.to[i], wanted ? x + copies.from[i] : x, wanted);
  }
}

// The weights of one tap of the picture, for each frame tap: top and bottom words of tile 0, then of tile 1.
struct TapWeights {
  uint4 of[kTaps];
};

__device__ inline TapWeights weights_of(const NarrowConvLaunch& l, unsigned chunk_tap) {
  const auto* const all = reinterpret_cast<const uint4*>(l.weight) + chunk_tap * kTaps * kWarp + threadIdx.x;
  return {__ldg(all), __ldg(all + kWarp), __ldg(all + 2 * kWarp)};
}

using Sums = SumTile[kFrames][kPixelTiles][kTiles];

// Adds one tap of the picture to all sums. `address` is where this lane reads from the first 16 pixels of the first
// frame.
__device__ inline void add_tap(Sums& sums, const TapWeights& weights, unsigned address) {
  constexpr unsigned kFrameBytes = kReadRows * kReadColumns * kPixelPacks * sizeof(Pack);
#pragma unroll
  for (unsigned read = 0; read < kReadFrames; ++read) {
#pragma unroll
    for (unsigned tile = 0; tile < kPixelTiles; ++tile) {
      const LeftTile pixels = left_tile(address + read * kFrameBytes + tile * 16 * kPixelPacks * sizeof(Pack));
#pragma unroll
      for (unsigned tap = 0; tap < kTaps; ++tap) {
        if (read < tap || read - tap >= kFrames) continue;
        const uint4& weight = weights.of[tap];
        add_product(sums[read - tap][tile][0], pixels, weight.x, weight.y);
        add_product(sums[read - tap][tile][1], pixels, weight.z, weight.w);
      }
    }
  }
}

// The first of this lane's two neighbouring outputs in a tile.
__device__ inline unsigned first_output(unsigned tile) { return tile * 8 + threadIdx.x % 4 * 2; }

__device__ void begin_sums(Sums& sums, const BFloat16* bias) {
  const auto* const values = reinterpret_cast<const __nv_bfloat16*>(bias);
#pragma unroll
  for (unsigned tile = 0; tile < kTiles; ++tile) {
    const unsigned output = first_output(tile);
    const float low = output < kOutputs ? __bfloat162float(values[output]) : 0;
    const float high = output < kOutputs ? __bfloat162float(values[output + 1]) : 0;
#pragma unroll
    for (unsigned frame = 0; frame < kFrames; ++frame) {
#pragma unroll
      for (unsigned pixels = 0; pixels < kPixelTiles; ++pixels) sums[frame][pixels][tile] = {low, high, low, high};
    }
  }
}

__device__ void write_sums(const Sums& sums, const NarrowConvLaunch& l, const PixelPlace& origin) {
  const unsigned row = origin.row + threadIdx.y;
#pragma unroll
  for (unsigned frame = 0; frame < kFrames; ++frame) {
#pragma unroll
    for (unsigned half = 0; half < 2 * kPixelTiles; ++half) {
      const unsigned column = origin.column + half * 8 + threadIdx.x / 4;
      if (row >= l.size.rows || column >= l.size.columns) continue;
      const std::int64_t line = static_cast<std::int64_t>(origin.frame + frame) * l.size.rows + row;
      BFloat16* const pixel = l.out + (line * l.size.columns + column) * kOutputs;
#pragma unroll
      for (unsigned tile = 0; tile < kTiles; ++tile) {
        const unsigned output = first_output(tile);
        const float* const pair = sums[frame][half / 2][tile].of + half % 2 * 2;
        if (output < kOutputs) *reinterpret_cast<unsigned*>(pixel + output) = pack_pair(pair[0], pair[1]);
      }
    }
  }
}

__global__ void __launch_bounds__(kThreads) narrow_conv_kernel(NarrowConvLaunch l) {
  extern __shared__ Pack stages[];
  const PixelPlace origin{blockIdx.z * kFrames, blockIdx.y * kRows, blockIdx.x * kColumns};
  const unsigned chunks = l.size.channels / (kPixelPacks * kPackWidth);
  const unsigned last_tap = chunks * kTaps * kTaps - 1;
  unsigned in_row[kTaps];  // offset of this lane's pixel of a tile, for each column tap
#pragma unroll
  for (unsigned right = 0; right < kTaps; ++right) {
    const unsigned column = threadIdx.x % 16 + right;
    in_row[right] = (column * kPixelPacks + pack_place(column, threadIdx.x / 16)) * sizeof(Pack);
  }
  Sums sums;
  begin_sums(sums, l.bias);
  const Copies copies = copies_of(l, origin);
#pragma unroll
  for (unsigned tap = 0; tap < kTaps * kTaps; ++tap) begin_copies(l, copies, 0, tap, stages);
  TapWeights weights = weights_of(l, 0);
  for (unsigned chunk = 0; chunk < chunks; ++chunk) {
    wait_for_copies();
    __syncthreads();  // all copies have arrived, and no thread reads the other stage any more
    const unsigned stage = shared_address(stages + chunk % 2 * kStagePacks);
    Pack* const other = stages + (chunk + 1) % 2 * kStagePacks;
#pragma unroll
    for (unsigned down = 0; down < kTaps; ++down) {
      const unsigned line = stage + (threadIdx.y + down) * kReadColumns * kPixelPacks * unsigned{sizeof(Pack)};
#pragma unroll
      for (unsigned right = 0; right < kTaps; ++right) {
        const unsigned tap = down * kTaps + right;
        const TapWeights next = weights_of(l, min(chunk * kTaps * kTaps + tap + 1, last_tap));
        if (chunk + 1 < chunks) begin_copies(l, copies, chunk + 1, tap, other);
        add_tap(sums, weights, line + in_row[right]);
        weights = next;
      }
    }
  }
  write_sums(sums, l, origin);
}

}  // namespace

bool runs_narrow_conv(int device) {
  int major = 0, shared = 0;
  const bool known = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess &&
                     cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, device) == cudaSuccess;
  return known && major >= 8 && shared >= static_cast<int>(kSharedBytes);
}

void launch(const NarrowConvLaunch& l, int device) {
  launch_on(device, "convolve to few channels on a GPU", [&](cudaStream_t stream) {
    const auto parts = [](unsigned whole, unsigned part) { return (whole + part - 1) / part; };
    const dim3 blocks(parts(l.size.columns, kColumns), parts(l.size.rows, kRows), l.size.frames / kFrames);
    cudaFuncSetAttribute(narrow_conv_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kSharedBytes);
    narrow_conv_kernel<<<blocks, dim3(kWarp, kRows), kSharedBytes, stream>>>(l);
  });
}

}  // namespace orrery
