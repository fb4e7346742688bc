#include "kernels/gpu_check.cuh"
#include "kernels/pixel_view.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 256;

// Which eight channels of x a pack of `out` shows at `place` of the cell. Channel c of out shows copy
// c · time · 4 + place of x's channels, each of which is there `repeats` times in a row. Where that is every channel or
// every second one, as in all published blocks, they are read as packs.
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
    // Which copy of which channel comes next, counted on: a division a channel would take longer than the memory does.
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

// A thread a pack of `out`.
template <class Shown>
__global__ void repeated_sum_kernel(RepeatedSumLaunch l, unsigned count) {
  const unsigned index = blockIdx.x * kThreads + threadIdx.x;
  if (index >= count) return;
  const unsigned per_pixel = l.size.channels / kPackWidth;
  const unsigned at = index % per_pixel;
  const PixelPlace place = pixel_at(index / per_pixel, l.size);
  const unsigned frame = place.frame + l.skipped;
  const BFloat16* const x = channels_at(l.x, {frame / l.time, place.row, place.column});
  Floats sum = unpack(packs_at(l.y, place)[at]);
  if (l.bias != nullptr) sum = sum_of(sum, unpack(reinterpret_cast<const Pack*>(l.bias)[at]));
  packs_at(l.out, place)[at] = pack(sum_of(sum, Shown::of(x, at, l, frame % l.time * 4 + l.place)));
}

template <class Shown>
void start(const RepeatedSumLaunch& l, cudaStream_t stream) {
  const unsigned count = packs(l.size);
  repeated_sum_kernel<Shown><<<(count + kThreads - 1) / kThreads, kThreads, 0, stream>>>(l, count);
}

}  // namespace

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
