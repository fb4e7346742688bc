#pragma once

#include "models/kernels/gpu_pack.cuh"

// For kernels in which kLanes neighbouring lanes hold a head: lane l has channels 8 l to 8 l + 7 of both halves of the
// head.
namespace orrery {

// A lane's channels. RoPE pairs channels of the two halves, so a lane has both channels of a pair.
struct Halves {
  Pack low;
  Pack high;
};

struct HeadFloats {
  Floats low;
  Floats high;
};

// RMS norm of a head if `normed`, then RoPE. All lanes of a warp must call it.
template <int kLanes>
__device__ HeadFloats norm_and_rope(const Halves& head, bool normed, const Halves& gain, const Floats& cos,
                                    const Floats& sin, float eps) {
  HeadFloats x{unpack(head.low), unpack(head.high)};
  const float squares = sum_over_lanes<kLanes>(sum_of_squares(x.low) + sum_of_squares(x.high));
  const float scale = rsqrtf(squares / (2 * kLanes * kPackWidth) + eps);
  const Floats low_gain = unpack(gain.low);
  const Floats high_gain = unpack(gain.high);
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) {
    const float low = normed ? x.low.v[i] * (scale * low_gain.v[i]) : x.low.v[i];
    const float high = normed ? x.high.v[i] * (scale * high_gain.v[i]) : x.high.v[i];
    x.low.v[i] = low * cos.v[i] - high * sin.v[i];
    x.high.v[i] = high * cos.v[i] + low * sin.v[i];
  }
  return x;
}

// Negates the channels of a pack whose bits are set in `bits`.
__device__ inline void flip(Floats& x, unsigned bits) {
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) {
    if ((bits >> i & 1U) != 0) x.v[i] = -x.v[i];
  }
}

// The stage of a fast Hadamard transform that joins channels of lanes `offset` apart.
__device__ inline void join_lanes(Floats& x, int offset, bool upper) {
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) {
    const float other = __shfl_xor_sync(0xffffffffU, x.v[i], offset);
    x.v[i] = upper ? other - x.v[i] : x.v[i] + other;
  }
}

// The last three stages of the transform, within a pack.
__device__ inline void join_pack(Floats& x) {
#pragma unroll
  for (int step = kPackWidth / 2; step > 0; step /= 2) {
#pragma unroll
    for (int i = 0; i < kPackWidth; ++i) {
      if ((i & step) != 0) continue;
      const float low = x.v[i], high = x.v[i + step];
      x.v[i] = low + high;
      x.v[i + step] = low - high;
    }
  }
}

// Changes the signs of a head's channels whose bits are set in `flipped` (one byte for each pack), then applies the
// Hadamard transform (Sylvester's order, entries ±1). The stages have the order of hadamard_sums() in float8_heads.cpp,
// so that both give the same bits. All lanes of a warp must call it.
template <int kLanes>
__device__ void hadamard(HeadFloats& x, const std::uint8_t* flipped, int lane) {
  flip(x.low, flipped[lane]);
  flip(x.high, flipped[lane + kLanes]);
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) {
    const float low = x.low.v[i], high = x.high.v[i];
    x.low.v[i] = low + high;
    x.high.v[i] = low - high;
  }
#pragma unroll
  for (int offset = kLanes / 2; offset > 0; offset /= 2) {
    const bool upper = (lane & offset) != 0;
    join_lanes(x.low, offset, upper);
    join_lanes(x.high, offset, upper);
  }
  join_pack(x.low);
  join_pack(x.high);
}

}  // namespace orrery
