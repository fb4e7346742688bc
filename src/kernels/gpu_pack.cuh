#pragma once

#include <cuda_bf16.h>

#include <cstdint>

// For kernels over rows of bfloat16 whose time is memory traffic: every access is 16 bytes wide, arithmetic is float32.
namespace orrery {

// Eight neighbours of a row.
struct alignas(16) Pack {
  __nv_bfloat162 pairs[4];
};

inline constexpr int kPackWidth = 8;

struct Floats {
  float v[kPackWidth];
};

__device__ inline Floats unpack(const Pack& pack) {
  Floats floats;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 pair = __bfloat1622float2(pack.pairs[i]);
    floats.v[2 * i] = pair.x;
    floats.v[2 * i + 1] = pair.y;
  }
  return floats;
}

// Rounds to nearest.
__device__ inline Pack pack(const Floats& floats) {
  Pack packed;
#pragma unroll
  for (int i = 0; i < 4; ++i) packed.pairs[i] = __floats2bfloat162_rn(floats.v[2 * i], floats.v[2 * i + 1]);
  return packed;
}

__device__ inline float sum_of_squares(const Floats& floats) {
  float sum = 0;
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) sum += floats.v[i] * floats.v[i];
  return sum;
}

// Over groups of `kLanes` neighbouring lanes of a warp, all of which get the sum.
template <int kLanes>
__device__ float sum_over_lanes(float value) {
#pragma unroll
  for (int offset = kLanes / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffffU, value, offset);
  return value;
}

}  // namespace orrery
