#pragma once

#include <cuda_bf16.h>

#include <cstdint>

// For memory-bound kernels over rows of bfloat16: every access is 16 bytes wide, and arithmetic is float32.
namespace orrery {

// Eight contiguous elements of a row, as one vector type: the compiler would move eight separate numbers a few bytes at
// a time.
struct Pack {
  uint4 bits;
};

inline constexpr int kPackWidth = 8;

struct Floats {
  float v[kPackWidth];
};

__device__ inline Floats unpack(const Pack& pack) {
  const unsigned pairs[] = {pack.bits.x, pack.bits.y, pack.bits.z, pack.bits.w};
  Floats floats;
#pragma unroll
  for (int i = 0; i < kPackWidth / 2; ++i) {
    floats.v[2 * i] = __uint_as_float(pairs[i] << 16);
    floats.v[2 * i + 1] = __uint_as_float(pairs[i] & 0xffff0000U);
  }
  return floats;
}

// Rounds to nearest.
__device__ inline unsigned pack_pair(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return reinterpret_cast<const unsigned&>(pair);
}

__device__ inline Pack pack(const Floats& floats) {
  const float* const v = floats.v;
  return {make_uint4(pack_pair(v[0], v[1]), pack_pair(v[2], v[3]), pack_pair(v[4], v[5]), pack_pair(v[6], v[7]))};
}

__device__ inline Floats sum_of(Floats a, const Floats& b) {
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) a.v[i] += b.v[i];
  return a;
}

__device__ inline float sum_of_squares(const Floats& floats) {
  float sum = 0;
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) sum += floats.v[i] * floats.v[i];
  return sum;
}

// The sum over groups of `kLanes` neighbouring lanes of a warp, in every lane of the group.
template <int kLanes>
__device__ float sum_over_lanes(float value) {
#pragma unroll
  for (int offset = kLanes / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffffU, value, offset);
  return value;
}

}  // namespace orrery
