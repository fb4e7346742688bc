#include "kernels/gpu_check.cuh"
#include "kernels/gpu_launch.h"
#include "kernels/gpu_pack.cuh"

namespace orrery {
namespace {

constexpr int kLargestBlock = 1024;
constexpr int kWarp = 32;

// The sum over the block, for all of its threads.
__device__ float sum_over_block(float value) {
  __shared__ float of_warp[kLargestBlock / kWarp];
  value = sum_over_lanes<kWarp>(value);
  if (threadIdx.x % kWarp == 0) of_warp[threadIdx.x / kWarp] = value;
  __syncthreads();
  const unsigned warps = blockDim.x / kWarp;
  return sum_over_lanes<kWarp>(threadIdx.x % kWarp < warps ? of_warp[threadIdx.x % kWarp] : 0);
}

// A block a row, which it holds in registers between the two passes; all that it reads is under way before the first
// sum. The norm is that of the rounded sum.
template <int kPacks>
__global__ void __launch_bounds__(kLargestBlock) add_rms_norm_kernel(Pack* x, const Pack* delta, const Pack* weight,
                                                                     Pack* normed, int packs, float width, float eps) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * packs;
  Pack kept[kPacks];
  Pack more[kPacks];
  Pack gains[kPacks];
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const int at = static_cast<int>(threadIdx.x + i * blockDim.x);
    if (at >= packs) continue;
    kept[i] = x[row + at];
    if (delta != nullptr) more[i] = delta[row + at];
    gains[i] = weight[at];
  }
  float squares = 0;
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const int at = static_cast<int>(threadIdx.x + i * blockDim.x);
    if (at >= packs) continue;
    if (delta != nullptr) {
      kept[i] = pack(sum_of(unpack(kept[i]), unpack(more[i])));
      x[row + at] = kept[i];
    }
    squares += sum_of_squares(unpack(kept[i]));
  }
  const float scale = rsqrtf(sum_over_block(squares) / width + eps);
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const int at = static_cast<int>(threadIdx.x + i * blockDim.x);
    if (at >= packs) continue;
    Floats values = unpack(kept[i]);
    const Floats gain = unpack(gains[i]);
#pragma unroll
    for (int j = 0; j < kPackWidth; ++j) values.v[j] *= scale * gain.v[j];
    normed[row + at] = pack(values);
  }
}

template <int kPacks>
void start(const AddRmsNormLaunch& l, cudaStream_t stream) {
  const int packs = static_cast<int>(l.width / kPackWidth);
  const int threads = ((packs + kPacks - 1) / kPacks + kWarp - 1) / kWarp * kWarp;
  add_rms_norm_kernel<kPacks><<<static_cast<unsigned>(l.rows), threads, 0, stream>>>(
      reinterpret_cast<Pack*>(l.x), reinterpret_cast<const Pack*>(l.delta), reinterpret_cast<const Pack*>(l.weight),
      reinterpret_cast<Pack*>(l.normed), packs, static_cast<float>(l.width), l.eps);
}

}  // namespace

void launch(const AddRmsNormLaunch& l, int device) {
  static_assert(kWidestNorm == std::int64_t{4} * kLargestBlock * kPackWidth);
  launch_on(device, "add and normalise rows on a GPU", [&](cudaStream_t stream) {
    const std::int64_t packs = l.width / kPackWidth;
    if (packs <= 256) {
      start<1>(l, stream);
    } else if (packs <= 1024) {
      start<2>(l, stream);
    } else {
      start<4>(l, stream);
    }
  });
}

}  // namespace orrery
