#pragma once

#include <cuda_fp8.h>

#include <cstdint>

#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_pack.cuh"

// For kernels in which a block keeps a row in registers, kPacks packs in each thread: thread t has the packs t, t +
// blockDim.x, …
namespace orrery {

inline constexpr int kLargestBlock = 1024;
inline constexpr int kWarp = 32;
static_assert(kWidestRow == std::int64_t{4} * kLargestBlock * kPackWidth);

__device__ inline float largest(float a, float b) { return fmaxf(a, b); }
__device__ inline float sum(float a, float b) { return a + b; }

// Reduces `value` over the block and returns the result in all of its threads. `scratch` is kWarp floats of shared
// memory, not in use by another reduction. 0 must be neutral for `join`, as for sums and magnitudes.
template <class Join>
__device__ float over_block(float value, float* scratch, Join join) {
  const auto over_warp = [&](float own) {
#pragma unroll
    for (int offset = kWarp / 2; offset > 0; offset /= 2) own = join(own, __shfl_xor_sync(0xffffffffU, own, offset));
    return own;
  };
  value = over_warp(value);
  if (threadIdx.x % kWarp == 0) scratch[threadIdx.x / kWarp] = value;
  __syncthreads();
  const unsigned warps = blockDim.x / kWarp;
  return over_warp(threadIdx.x % kWarp < warps ? scratch[threadIdx.x % kWarp] : 0);
}

__device__ inline float largest_magnitude(const Floats& floats) {
  float most = 0;
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) most = fmaxf(most, fabsf(floats.v[i]));
  return most;
}

// Rounds factor · floats to eight float8 values.
__device__ inline uint2 float8_pack(const Floats& floats, float factor) {
  const auto four = [&](const float* v) {
    const auto pair = [&](float low, float high) -> unsigned {
      return __nv_cvt_float2_to_fp8x2({low * factor, high * factor}, __NV_SATFINITE, __NV_E4M3);
    };
    return pair(v[0], v[1]) | pair(v[2], v[3]) << 16;
  };
  return {four(floats.v), four(floats.v + 4)};
}

// Writes the block's row of `packs` packs as float8, and its factor. `scratch` is as for over_block().
template <int kPacks>
__device__ void write_float8_row(const Float8Out& out, std::int64_t row, const Floats (&values)[kPacks], int packs,
                                 float* scratch) {
  constexpr float kLargest = 448;
  float most = kLargest * out.factor;
  if (most == 0) {
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      if (static_cast<int>(threadIdx.x + i * blockDim.x) < packs) most = fmaxf(most, largest_magnitude(values[i]));
    }
    most = over_block(most, scratch, largest);
  }
  const float factor = most > 0 ? kLargest / most : 0;
  if (threadIdx.x == 0) out.scale[row] = most / kLargest;
  auto* const places = reinterpret_cast<uint2*>(out.data) + row * packs;
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const int at = static_cast<int>(threadIdx.x + i * blockDim.x);
    if (at < packs) places[at] = float8_pack(values[i], factor);
  }
}

// Calls start(std::integral_constant<int, kPacks>, threads) with the values that suit rows of `width` elements.
template <class Start>
void for_row_block(std::int64_t width, const Start& start) {
  const int packs = static_cast<int>(width / kPackWidth);
  const auto threads = [&](int each) { return ((packs + each - 1) / each + kWarp - 1) / kWarp * kWarp; };
  if (packs <= 256) {
    start(std::integral_constant<int, 1>{}, threads(1));
  } else if (packs <= 1024) {
    start(std::integral_constant<int, 2>{}, threads(2));
  } else {
    start(std::integral_constant<int, 4>{}, threads(4));
  }
}

}  // namespace orrery
