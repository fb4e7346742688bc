#include "base/device/launch.h"
#include "models/kernels/gpu_rows.cuh"

namespace orrery {
namespace {

template <int kPacks>
__global__ void __launch_bounds__(kLargestBlock) float8_rows_kernel(const Pack* x, Float8Out out, int packs) {
  __shared__ float scratch[kWarp];
  const std::int64_t row = blockIdx.x;
  Floats values[kPacks];
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const int at = static_cast<int>(threadIdx.x + i * blockDim.x);
    if (at < packs) values[i] = unpack(x[row * packs + at]);
  }
  write_float8_row(out, row, values, packs, scratch);
}

}  // namespace

void launch(const Float8Launch& l, int device) {
  launch_on(device, "round rows to 8 bits on a GPU", [&](cudaStream_t stream) {
    for_row_block(l.width, [&](auto packs, int threads) {
      float8_rows_kernel<packs()><<<static_cast<unsigned>(l.rows), threads, 0, stream>>>(
          reinterpret_cast<const Pack*>(l.x), l.out, static_cast<int>(l.width / kPackWidth));
    });
  });
}

}  // namespace orrery
