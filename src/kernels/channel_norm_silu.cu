#include "kernels/gpu_check.cuh"
#include "kernels/pixel_view.cuh"

namespace orrery {
namespace {

constexpr int kWarp = 32;
constexpr int kPixelsPerBlock = 8;

// A warp a pixel, whose channels stay in registers between the two passes.
template <int kPacks>
__global__ void channel_norm_silu_kernel(ChannelNormSiluLaunch l, unsigned count) {
  const unsigned index = blockIdx.x * kPixelsPerBlock + threadIdx.y;
  if (index >= count) return;
  const PixelPlace place = pixel_at(index, l.size);
  const Pack* const x = packs_at(l.x, place);
  const auto* const bias = reinterpret_cast<const Pack*>(l.bias);
  const unsigned packs = l.size.channels / kPackWidth;
  Floats kept[kPacks];
  float squares = 0;
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const unsigned at = threadIdx.x + i * kWarp;
    if (at >= packs) continue;
    kept[i] = unpack(x[at]);
    if (bias != nullptr) kept[i] = sum_of(kept[i], unpack(bias[at]));
    squares += sum_of_squares(kept[i]);
  }
  const float scale = 1 / fmaxf(sqrtf(sum_over_lanes<kWarp>(squares)), 1e-12F);
  Pack* const out = packs_at(l.out, place);
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const unsigned at = threadIdx.x + i * kWarp;
    if (at >= packs) continue;
#pragma unroll
    for (int j = 0; j < kPackWidth; ++j) {
      const float normed = kept[i].v[j] * scale * l.gain[at * kPackWidth + j];
      kept[i].v[j] = normed / (1 + __expf(-normed));
    }
    out[at] = pack(kept[i]);
  }
}

template <int kPacks>
void start(const ChannelNormSiluLaunch& l, cudaStream_t stream) {
  const unsigned count = pixels(l.size);
  const unsigned blocks = (count + kPixelsPerBlock - 1) / kPixelsPerBlock;
  channel_norm_silu_kernel<kPacks><<<blocks, dim3(kWarp, kPixelsPerBlock), 0, stream>>>(l, count);
}

}  // namespace

void launch(const ChannelNormSiluLaunch& l, int device) {
  static_assert(kMostNormChannels == 8 * kWarp * kPackWidth);
  launch_on(device, "normalise channels on a GPU", [&](cudaStream_t stream) {
    const unsigned packs = l.size.channels / kPackWidth;
    if (packs <= kWarp) {
      start<1>(l, stream);
    } else if (packs <= 2 * kWarp) {
      start<2>(l, stream);
    } else if (packs <= 4 * kWarp) {
      start<4>(l, stream);
    } else {
      start<8>(l, stream);
    }
  });
}

}  // namespace orrery
