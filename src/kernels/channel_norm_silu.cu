#include "kernels/gpu_check.cuh"
#include "kernels/pixel_view.cuh"

namespace orrery {
namespace {

constexpr int kWarp = 32;
constexpr int kWarpsPerBlock = 8;

__device__ inline Floats gain_at(const float* gain, unsigned pack) {
  const float4 low = reinterpret_cast<const float4*>(gain)[2 * pack];
  const float4 high = reinterpret_cast<const float4*>(gain)[2 * pack + 1];
  return {{low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w}};
}

__device__ inline Floats silu_of(Floats y, float scale, const Floats& gain) {
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) {
    const float normed = y.v[i] * scale * gain.v[i];
    y.v[i] = __fdividef(normed, 1 + __expf(-normed));
  }
  return y;
}

// Of the channels that a lane has.
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

// One pixel, by a warp: from what its lanes have read of it to its place in `out`.
template <int kPacks>
__device__ void norm_pixel(const Pack (&read)[kPacks], const NormWeights<kPacks>& weights, Pack* out, unsigned packs) {
  constexpr float kLeastSquares = 1e-24F;
  Floats y[kPacks];
  float squares = 0;
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    if (threadIdx.x + i * kWarp >= packs) continue;
    y[i] = sum_of(unpack(read[i]), weights.bias[i]);
    squares += sum_of_squares(y[i]);
  }
  const float scale = rsqrtf(fmaxf(sum_over_lanes<kWarp>(squares), kLeastSquares));
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    if (threadIdx.x + i * kWarp < packs) out[i * kWarp] = pack(silu_of(y[i], scale, weights.gain[i]));
  }
}

// A block a piece of a row of pixels, a warp `kPixels` pixels of it, all of which are read before the first is normed.
template <int kPacks, int kPixels>
__global__ void channel_norm_silu_kernel(ChannelNormSiluLaunch l) {
  const unsigned first = (blockIdx.y * kWarpsPerBlock + threadIdx.y) * kPixels;
  const unsigned pixels = first < l.size.columns ? min(l.size.columns - first, unsigned{kPixels}) : 0;
  const unsigned packs = l.size.channels / kPackWidth;
  const PixelPlace place{blockIdx.x / l.size.rows, blockIdx.x % l.size.rows, first};
  const BFloat16* const x = channels_at(l.x, place) + threadIdx.x * kPackWidth;
  Pack read[kPixels][kPacks];
#pragma unroll
  for (int p = 0; p < kPixels; ++p) {
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      if (p >= pixels || threadIdx.x + i * kWarp >= packs) continue;
      read[p][i] = reinterpret_cast<const Pack*>(x + p * l.x.column)[i * kWarp];
    }
  }
  const NormWeights<kPacks> weights = weights_at<kPacks>(l, threadIdx.x, packs);
  BFloat16* const out = channels_at(l.out, place) + threadIdx.x * kPackWidth;
#pragma unroll
  for (int p = 0; p < kPixels; ++p) {
    if (p < pixels) norm_pixel(read[p], weights, reinterpret_cast<Pack*>(out + p * l.out.column), packs);
  }
}

template <int kPacks, int kPixels>
void start(const ChannelNormSiluLaunch& l, cudaStream_t stream) {
  constexpr unsigned kPerBlock = kWarpsPerBlock * kPixels;
  const dim3 blocks(l.size.frames * l.size.rows, (l.size.columns + kPerBlock - 1) / kPerBlock);
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
