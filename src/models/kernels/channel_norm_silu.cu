#include "base/device/launch.h"
#include "models/kernels/pixel_view.cuh"

namespace orrery {
namespace {

constexpr int kWarp = 32;
constexpr int kWarpsPerBlock = 8;

__device__ inline Floats gain_at(const float* gain, unsigned pack) {
  const float4 low = reinterpret_cast<const float4*>(gain)[2 * pack];
  const float4 high = reinterpret_cast<const float4*>(gain)[2 * pack + 1];
  return {{low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w}};
}

// Approximations that flush results below 2^-126 to 0. CUDA's __expf and __fdividef handle subnormal numbers with twice
// the instructions, which would take longer here than the memory traffic.
__device__ inline float power_of_2(float x) {
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
  return power;
}
__device__ inline float reciprocal(float x) {
  float quotient;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(quotient) : "f"(x));
  return quotient;
}

__device__ inline Floats silu_of(Floats y, float scale, const Floats& gain) {
  constexpr float kLog2OfE = 1.44269504F;
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) {
    const float normed = y.v[i] * (scale * gain.v[i]);
    y.v[i] = normed * reciprocal(1 + power_of_2(-kLog2OfE * normed));
  }
  return y;
}

// Gain and bias of the channels of a lane.
template <int kPacks>
struct NormWeights {
  Floats gain[kPacks];
  Floats bias[kPacks];
};

template <int kPacks>
__device__ NormWeights<kPacks> weights_at(const ChannelNormSiluLaunch& l, unsigned lane, unsigned packs) {
  NormWeights<kPacks> weights{};
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const unsigned at = lane + i * kWarp;
    if (at >= packs) continue;
    weights.gain[i] = gain_at(l.gain, at);
    if (l.bias != nullptr) weights.bias[i] = unpack(reinterpret_cast<const Pack*>(l.bias)[at]);
  }
  return weights;
}

// A lane's packs of `kPixels` pixels.
template <int kPacks, int kPixels>
struct PixelPacks {
  Pack of[kPixels][kPacks];
};

// Reads a lane's packs; zeros, which do not change a norm, beyond the last pixel or channel.
template <int kPacks, int kPixels>
__device__ PixelPacks<kPacks, kPixels> packs_from(const BFloat16* x, std::int64_t column, unsigned pixels,
                                                  unsigned packs) {
  PixelPacks<kPacks, kPixels> read{};
#pragma unroll
  for (int p = 0; p < kPixels; ++p) {
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      if (p >= pixels || threadIdx.x + i * kWarp >= packs) continue;
      read.of[p][i] = reinterpret_cast<const Pack*>(x + p * column)[i * kWarp];
    }
  }
  return read;
}

// A block handles a piece of a row of pixels, and a warp `kPixels` pixels of it, which it reads before it norms the
// first. Blocks advance along rows first (the grid's x index), so that concurrent blocks read adjacent memory. All
// lanes compute the same; only loads and stores check for edges, since branches would prevent overlap with a warp's
// sums.
template <int kPacks, int kPixels>
__global__ void __launch_bounds__(kWarp* kWarpsPerBlock) channel_norm_silu_kernel(ChannelNormSiluLaunch l) {
  constexpr float kLeastSquares = 1e-24F;
  const unsigned first = (blockIdx.x * kWarpsPerBlock + threadIdx.y) * kPixels;
  const unsigned pixels = first < l.size.columns ? l.size.columns - first : 0;
  const unsigned packs = l.size.channels / kPackWidth;
  const PixelPlace place{blockIdx.z, blockIdx.y, first};
  const unsigned channel = threadIdx.x * kPackWidth;
  const auto read = packs_from<kPacks, kPixels>(channels_at(l.x, place) + channel, l.x.column, pixels, packs);
  const NormWeights<kPacks> weights = weights_at<kPacks>(l, threadIdx.x, packs);
  BFloat16* const out = channels_at(l.out, place) + channel;
#pragma unroll
  for (int p = 0; p < kPixels; ++p) {
    Floats y[kPacks];
    float squares = 0;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      y[i] = sum_of(unpack(read.of[p][i]), weights.bias[i]);
      squares += sum_of_squares(y[i]);
    }
    const float scale = rsqrtf(fmaxf(sum_over_lanes<kWarp>(squares), kLeastSquares));
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const Pack made = pack(silu_of(y[i], scale, weights.gain[i]));
      if (p < pixels && threadIdx.x + i * kWarp < packs) {
        reinterpret_cast<Pack*>(out + p * l.out.column)[i * kWarp] = made;
      }
    }
  }
}

template <int kPacks, int kPixels>
void start(const ChannelNormSiluLaunch& l, cudaStream_t stream) {
  constexpr unsigned kPerBlock = kWarpsPerBlock * kPixels;
  const dim3 blocks((l.size.columns + kPerBlock - 1) / kPerBlock, l.size.rows, l.size.frames);
  channel_norm_silu_kernel<kPacks, kPixels><<<blocks, dim3(kWarp, kWarpsPerBlock), 0, stream>>>(l);
}

}  // namespace

void launch(const ChannelNormSiluLaunch& l, int device) {
  static_assert(kMostNormChannels == 8 * kWarp * kPackWidth);
  launch_on(device, "normalise channels on a GPU", [&](cudaStream_t stream) {
    const unsigned packs = l.size.channels / kPackWidth;
    if (packs <= kWarp) {
      start<1, 4>(l, stream);
    } else if (packs <= 2 * kWarp) {
      start<2, 2>(l, stream);
    } else if (packs <= 4 * kWarp) {
      start<4, 1>(l, stream);
    } else {
      start<8, 1>(l, stream);
    }
  });
}

}  // namespace orrery
