#include <algorithm>
#include <cmath>

#include "base/device/launch.h"
#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_rows.cuh"

// The values of attention in 8 bits: one pass for their mean and extent, one that centres and rounds them.
namespace orrery {
namespace {

constexpr int kThreads = 256;
constexpr int kColumns = 16;  // packs of a row that a block sums: 256 contiguous bytes
constexpr int kRowsAtOnce = kThreads / kColumns;
constexpr int kQuantities = 3;  // of each channel: sum, minimum, maximum

struct Extent {
  float sum;
  float least;
  float most;
};

// The extent of no values.
__device__ Extent nothing() { return {0, INFINITY, -INFINITY}; }

__device__ Extent both(const Extent& a, const Extent& b) {
  return {a.sum + b.sum, fminf(a.least, b.least), fmaxf(a.most, b.most)};
}

__device__ void store(float* quantities, std::int64_t width, std::int64_t channel, const Extent& extent) {
  quantities[channel] = extent.sum;
  quantities[width + channel] = extent.least;
  quantities[2 * width + channel] = extent.most;
}

__device__ Extent load(const float* quantities, std::int64_t width, std::int64_t channel) {
  return {quantities[channel], quantities[width + channel], quantities[2 * width + channel]};
}

// Block (chunk, column group) computes the extents of a chunk's rows, with sums in the same order in every run.
__global__ void __launch_bounds__(kThreads) value_extents_kernel(const Pack* values, std::int64_t row_stride, int rows,
                                                                 int chunk_rows, int packs, float* partial) {
  __shared__ Extent shared[kRowsAtOnce][kColumns * kPackWidth];
  const int column = static_cast<int>(threadIdx.x % kColumns), line = static_cast<int>(threadIdx.x / kColumns);
  const int pack_at = static_cast<int>(blockIdx.y) * kColumns + column;
  const int begin = static_cast<int>(blockIdx.x) * chunk_rows, end = min(begin + chunk_rows, rows);
  Extent own[kPackWidth];
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) own[i] = nothing();
  if (pack_at < packs) {
#pragma unroll 4
    for (int row = begin + line; row < end; row += kRowsAtOnce) {
      const Floats x = unpack(values[row * row_stride + pack_at]);
#pragma unroll
      for (int i = 0; i < kPackWidth; ++i) own[i] = both(own[i], {x.v[i], x.v[i], x.v[i]});
    }
  }
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) shared[line][column * kPackWidth + i] = own[i];
  __syncthreads();
  const int channel = static_cast<int>(threadIdx.x);
  const std::int64_t in_row = static_cast<std::int64_t>(blockIdx.y) * kColumns * kPackWidth + channel;
  const std::int64_t width = static_cast<std::int64_t>(packs) * kPackWidth;
  if (channel >= kColumns * kPackWidth || in_row >= width) return;
  Extent all = nothing();
  for (int i = 0; i < kRowsAtOnce; ++i) all = both(all, shared[i][channel]);
  store(partial + blockIdx.x * kQuantities * width, width, in_row, all);
}

// One block for each kv head, one thread for each channel.
__global__ void value_centre_kernel(const float* partial, int chunks, const float* text, float keys, float* mean,
                                    float* scale) {
  constexpr float kLargest = 448;
  __shared__ float scratch[kWarp];
  const std::int64_t width = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  const std::int64_t channel = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  Extent all = load(text, width, channel);
#pragma unroll 8
  for (int i = 0; i < chunks; ++i) all = both(all, load(partial + i * kQuantities * width, width, channel));
  const float centre = all.sum / keys;
  const float reach = over_block(fmaxf(all.most - centre, centre - all.least), scratch, largest);
  mean[channel] = centre;
  if (threadIdx.x == 0) scale[blockIdx.x] = reach / kLargest;
}

struct ValuesArguments {
  const Pack* media;
  const Pack* text;
  std::int64_t media_stride;  // in packs, like text_stride
  std::int64_t text_stride;
  std::int64_t media_rows;
  std::int64_t count;  // packs in all rows
  int packs;           // packs in a row
  int head_packs;
  const float* mean;
  const float* scale;
  uint2* out;
};

// One thread for each pack.
__global__ void __launch_bounds__(kThreads) float8_values_kernel(const ValuesArguments a) {
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (index >= a.count) return;
  const std::int64_t row = index / a.packs;
  const int in_row = static_cast<int>(index % a.packs);
  const bool media = row < a.media_rows;
  Floats x =
      unpack(media ? a.media[row * a.media_stride + in_row] : a.text[(row - a.media_rows) * a.text_stride + in_row]);
  const float scale = a.scale[in_row / a.head_packs];
  const float* const mean = a.mean + in_row * kPackWidth;
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) x.v[i] -= mean[i];
  a.out[index] = float8_pack(x, scale > 0 ? 1 / scale : 0);
}

// One thread for each pack.
__global__ void __launch_bounds__(kThreads)
    add_head_mean_kernel(Pack* out, std::int64_t count, int packs, int head_packs, int group, const float* mean) {
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (index >= count) return;
  const int in_row = static_cast<int>(index % packs);
  const int kv_head = in_row / head_packs / group;
  const float* const own = mean + (kv_head * head_packs + in_row % head_packs) * kPackWidth;
  Floats x = unpack(out[index]);
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) x.v[i] += own[i];
  out[index] = pack(x);
}

unsigned blocks_for(std::int64_t threads) { return static_cast<unsigned>((threads + kThreads - 1) / kThreads); }

const Pack* packs_of(const BFloat16* values) { return reinterpret_cast<const Pack*>(values); }

}  // namespace

void launch(const ValueCentreLaunch& l, int device) {
  constexpr std::int64_t kFewRows = 256;
  const auto packs = static_cast<int>(l.kv_heads * l.head_dim / kPackWidth);
  const std::int64_t chunk_rows = std::max(kFewRows, (l.media.rows + kValueChunks - 1) / kValueChunks);
  const auto chunks = static_cast<unsigned>((l.media.rows + chunk_rows - 1) / chunk_rows);
  const auto columns = static_cast<unsigned>((packs + kColumns - 1) / kColumns);
  launch_on(device, "average values on a GPU", [&](cudaStream_t stream) {
    value_extents_kernel<<<dim3(chunks, columns), kThreads, 0, stream>>>(
        packs_of(l.media.values), l.media.row_stride / kPackWidth, static_cast<int>(l.media.rows),
        static_cast<int>(chunk_rows), packs, l.partial);
    value_centre_kernel<<<static_cast<unsigned>(l.kv_heads), static_cast<unsigned>(l.head_dim), 0, stream>>>(
        l.partial, static_cast<int>(chunks), l.text, static_cast<float>(l.media.rows + l.text_rows), l.mean, l.scale);
  });
}

void launch(const Float8ValuesLaunch& l, int device) {
  const std::int64_t packs = l.kv_heads * l.head_dim / kPackWidth;
  const ValuesArguments arguments{packs_of(l.media.values),
                                  packs_of(l.text.values),
                                  l.media.row_stride / kPackWidth,
                                  l.text.row_stride / kPackWidth,
                                  l.media.rows,
                                  (l.media.rows + l.text.rows) * packs,
                                  static_cast<int>(packs),
                                  static_cast<int>(l.head_dim / kPackWidth),
                                  l.mean,
                                  l.scale,
                                  reinterpret_cast<uint2*>(l.out)};
  launch_on(device, "round values to 8 bits on a GPU", [&](cudaStream_t stream) {
    float8_values_kernel<<<blocks_for(arguments.count), kThreads, 0, stream>>>(arguments);
  });
}

void launch(const AddHeadMeanLaunch& l, int device) {
  const std::int64_t packs = l.heads * l.head_dim / kPackWidth;
  launch_on(device, "add the mean of values on a GPU", [&](cudaStream_t stream) {
    add_head_mean_kernel<<<blocks_for(l.tokens * packs), kThreads, 0, stream>>>(
        reinterpret_cast<Pack*>(l.out), l.tokens * packs, static_cast<int>(packs),
        static_cast<int>(l.head_dim / kPackWidth), static_cast<int>(l.heads / l.kv_heads), l.mean);
  });
}

}  // namespace orrery
