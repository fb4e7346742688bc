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

// A warp `kPixels` pixels, all of which are read before the first is summed. Their channels stay in registers between
// the two passes, kPacks packs a lane.
template <int kPacks, int kPixels>
__global__ void channel_norm_silu_kernel(ChannelNormSiluLaunch l, unsigned count) {
  const unsigned first = (blockIdx.x * kWarpsPerBlock + threadIdx.y) * kPixels;
  const auto* const bias = reinterpret_cast<const Pack*>(l.bias);
  const unsigned packs = l.size.channels / kPackWidth;
  Floats kept[kPixels][kPacks];
#pragma unroll
  for (int p = 0; p < kPixels; ++p) {
    if (first + p >= count) continue;
    const Pack* const x = packs_at(l.x, pixel_at(first + p, l.size));
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const unsigned at = threadIdx.x + i * kWarp;
      if (at < packs) kept[p][i] = unpack(x[at]);
    }
  }
#pragma unroll
  for (int p = 0; p < kPixels; ++p) {
    if (first + p >= count) return;
    float squares = 0;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const unsigned at = threadIdx.x + i * kWarp;
      if (at >= packs) continue;
      if (bias != nullptr) kept[p][i] = sum_of(kept[p][i], unpack(bias[at]));
      squares += sum_of_squares(kept[p][i]);
    }
    const float scale = 1 / fmaxf(sqrtf(sum_over_lanes<kWarp>(squares)), 1e-12F);
    Pack* const out = packs_at(l.out, pixel_at(first + p, l.size));
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const unsigned at = threadIdx.x + i * kWarp;
      if (at < packs) out[at] = pack(silu_of(kept[p][i], scale, gain_at(l.gain, at)));
    }
  }
}

template <int kPacks, int kPixels>
void start(const ChannelNormSiluLaunch& l, cudaStream_t stream) {
  constexpr unsigned kPerBlock = kWarpsPerBlock * kPixels;
  const unsigned count = pixels(l.size);
  const unsigned blocks = (count + kPerBlock - 1) / kPerBlock;
  channel_norm_silu_kernel<kPacks, kPixels><<<blocks, dim3(kWarp, kWarpsPerBlock), 0, stream>>>(l, count);
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
