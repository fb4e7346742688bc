#include "kernels/gpu_check.cuh"
#include "kernels/pixel_view.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 256;

// A thread a pack of `out`. Its channels of x are close together, and the caches serve them.
__global__ void repeated_sum_kernel(RepeatedSumLaunch l, unsigned count) {
  const unsigned index = blockIdx.x * kThreads + threadIdx.x;
  if (index >= count) return;
  const unsigned per_pixel = l.size.channels / kPackWidth;
  const unsigned at = index % per_pixel;
  const PixelPlace place = pixel_at(index / per_pixel, l.size);
  const unsigned frame = place.frame + l.skipped;
  const BFloat16* const x = channels_at(l.x, {frame / l.time, place.row, place.column});
  // Which copy of which channel comes next, counted on: a division a channel would take longer than the memory does.
  const unsigned step = l.time * 4;
  const unsigned copy = at * kPackWidth * step + frame % l.time * 4 + l.place;
  unsigned channel = copy / l.repeats;
  unsigned repeat = copy % l.repeats;
  const unsigned next_channel = step / l.repeats, next_repeat = step % l.repeats;
  Floats sum = unpack(packs_at(l.y, place)[at]);
  if (l.bias != nullptr) sum = sum_of(sum, unpack(reinterpret_cast<const Pack*>(l.bias)[at]));
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) {
    sum.v[i] += __bfloat162float(reinterpret_cast<const __nv_bfloat16*>(x)[channel]);
    channel += next_channel;
    repeat += next_repeat;
    if (repeat >= l.repeats) {
      repeat -= l.repeats;
      ++channel;
    }
  }
  packs_at(l.out, place)[at] = pack(sum);
}

}  // namespace

void launch(const RepeatedSumLaunch& l, int device) {
  launch_on(device, "add a block's shortcut on a GPU", [&](cudaStream_t stream) {
    const unsigned count = packs(l.size);
    repeated_sum_kernel<<<(count + kThreads - 1) / kThreads, kThreads, 0, stream>>>(l, count);
  });
}

}  // namespace orrery
