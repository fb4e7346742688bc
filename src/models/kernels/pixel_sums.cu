#include "base/device/launch.h"
#include "models/kernels/pixel_view.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 256;

// One thread for each pack.
__global__ void biased_sum_kernel(BiasedSumLaunch l, unsigned count) {
  const unsigned index = blockIdx.x * kThreads + threadIdx.x;
  if (index >= count) return;
  const unsigned per_pixel = l.size.channels / kPackWidth;
  const PixelPlace place = pixel_at(index / per_pixel, l.size);
  const unsigned at = index % per_pixel;
  Pack& x = packs_at(l.x, place)[at];
  Floats sum = unpack(x);
  if (l.bias != nullptr) sum = sum_of(sum, unpack(reinterpret_cast<const Pack*>(l.bias)[at]));
  sum = sum_of(sum, unpack(packs_at(l.residual, place)[at]));
  x = pack(sum);
}

// Read the eight channels of x that are added to an output pack at `place` in the cell. Channel c of the output takes
// number c · time · 4 + place in the list of x's channels, each repeated `repeats` times. When this selects every
// channel or every second one, as in all published blocks, they are read as packs.
struct EveryChannel {
  static __device__ Floats of(const BFloat16* x, unsigned pack, const RepeatedSumLaunch&, unsigned) {
    return unpack(reinterpret_cast<const Pack*>(x)[pack]);
  }
};

struct EverySecondChannel {
  static __device__ Floats of(const BFloat16* x, unsigned pack, const RepeatedSumLaunch& l, unsigned place) {
    const auto* const packs = reinterpret_cast<const Pack*>(x) + 2 * pack;
    const Floats low = unpack(packs[0]), high = unpack(packs[1]);
    const bool second = place >= l.repeats;
    Floats shown;
#pragma unroll
    for (int i = 0; i < kPackWidth / 2; ++i) {
      shown.v[i] = second ? low.v[2 * i + 1] : low.v[2 * i];
      shown.v[i + kPackWidth / 2] = second ? high.v[2 * i + 1] : high.v[2 * i];
    }
    return shown;
  }
};

struct AnyChannels {
  static __device__ Floats of(const BFloat16* x, unsigned pack, const RepeatedSumLaunch& l, unsigned place) {
    // Advances channel and repeat incrementally: a division for each channel would take longer than the memory traffic.
    const unsigned step = l.time * 4;
    const unsigned copy = pack * kPackWidth * step + place;
    unsigned channel = copy / l.repeats;
    unsigned repeat = copy % l.repeats;
    const unsigned next_channel = step / l.repeats, next_repeat = step % l.repeats;
    Floats shown;
#pragma unroll
    for (int i = 0; i < kPackWidth; ++i) {
      shown.v[i] = __bfloat162float(reinterpret_cast<const __nv_bfloat16*>(x)[channel]);
      channel += next_channel;
      repeat += next_repeat;
      if (repeat >= l.repeats) {
        repeat -= l.repeats;
        ++channel;
      }
    }
    return shown;
  }
};

// One thread for a pack in both columns, which read the same pixel of x. Blocks advance along rows of pixels first (the
// grid's x index).
template <class Shown>
__global__ void repeated_sum_kernel(RepeatedSumLaunch l) {
  const unsigned per_pixel = l.size.channels / kPackWidth;
  const unsigned in_row = blockIdx.x * kThreads + threadIdx.x;
  if (in_row >= l.size.columns * per_pixel) return;
  const unsigned at = in_row % per_pixel;
  const PixelPlace place{blockIdx.z, blockIdx.y, in_row / per_pixel};
  const unsigned frame = place.frame + l.skipped;
  const unsigned left = (frame % l.time * 2 + l.row) * 2;
  const BFloat16* const x = channels_at(l.x, {frame / l.time, place.row, place.column});
  // All loads come before the first store, since the compiler cannot move loads before a store.
  const Floats sums[] = {unpack(packs_at(l.y[0], place)[at]), unpack(packs_at(l.y[1], place)[at])};
  const Floats shown[] = {Shown::of(x, at, l, left), Shown::of(x, at, l, left + 1)};
  Floats bias{};
  if (l.bias != nullptr) bias = unpack(reinterpret_cast<const Pack*>(l.bias)[at]);
#pragma unroll
  for (unsigned column = 0; column < 2; ++column) {
    const Floats sum = sum_of(sum_of(sums[column], bias), shown[column]);
    packs_at(l.out, {place.frame, place.row, 2 * place.column + column})[at] = pack(sum);
  }
}

template <class Shown>
void start(const RepeatedSumLaunch& l, cudaStream_t stream) {
  const unsigned in_row = l.size.columns * (l.size.channels / kPackWidth);
  const dim3 blocks((in_row + kThreads - 1) / kThreads, l.size.rows, l.size.frames);
  repeated_sum_kernel<Shown><<<blocks, kThreads, 0, stream>>>(l);
}

}  // namespace

void launch(const BiasedSumLaunch& l, int device) {
  launch_on(device, "add a residual on a GPU", [&](cudaStream_t stream) {
    const unsigned count = packs(l.size);
    biased_sum_kernel<<<(count + kThreads - 1) / kThreads, kThreads, 0, stream>>>(l, count);
  });
}

void launch(const RepeatedSumLaunch& l, int device) {
  launch_on(device, "add a block's shortcut on a GPU", [&](cudaStream_t stream) {
    const unsigned step = l.time * 4;
    if (l.repeats == step) {
      start<EveryChannel>(l, stream);
    } else if (2 * l.repeats == step) {
      start<EverySecondChannel>(l, stream);
    } else {
      start<AnyChannels>(l, stream);
    }
  });
}

}  // namespace orrery
