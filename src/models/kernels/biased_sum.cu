#include "base/device/launch.h"
#include "models/kernels/pixel_view.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 256;

// A thread a pack.
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

}  // namespace

void launch(const BiasedSumLaunch& l, int device) {
  launch_on(device, "add a residual on a GPU", [&](cudaStream_t stream) {
    const unsigned count = packs(l.size);
    biased_sum_kernel<<<(count + kThreads - 1) / kThreads, kThreads, 0, stream>>>(l, count);
  });
}

}  // namespace orrery
