#include <algorithm>

#include "base/device/launch.h"
#include "models/kernels/gpu_rows.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 256;

__device__ Floats silu_times(const Pack& gate_pack, const Pack& up_pack) {
  Floats gate = unpack(gate_pack);
  const Floats up = unpack(up_pack);
#pragma unroll
  for (int i = 0; i < kPackWidth; ++i) gate.v[i] = gate.v[i] / (1 + __expf(-gate.v[i])) * up.v[i];
  return gate;
}

// A block a row.
__global__ void swiglu_kernel(const Pack* gate_up, Pack* out, int packs) {
  const std::int64_t row = blockIdx.x;
  const Pack* const gates = gate_up + row * 2 * packs;
#pragma unroll 2
  for (int at = static_cast<int>(threadIdx.x); at < packs; at += static_cast<int>(blockDim.x)) {
    out[row * packs + at] = pack(silu_times(gates[at], gates[packs + at]));
  }
}

// The same; a row's factor is known once all of it is.
template <int kPacks>
__global__ void __launch_bounds__(kLargestBlock) swiglu_float8_kernel(const Pack* gate_up, Float8Out out, int packs) {
  __shared__ float scratch[kWarp];
  const Pack* const gates = gate_up + static_cast<std::int64_t>(blockIdx.x) * 2 * packs;
  Floats values[kPacks];
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const int at = static_cast<int>(threadIdx.x + i * blockDim.x);
    if (at < packs) values[i] = silu_times(gates[at], gates[packs + at]);
  }
  write_float8_row(out, blockIdx.x, values, packs, scratch);
}

}  // namespace

void launch(const SwiGluLaunch& l, int device) {
  launch_on(device, "apply SwiGLU on a GPU", [&](cudaStream_t stream) {
    const int packs = static_cast<int>(l.width / kPackWidth);
    const auto* const gate_up = reinterpret_cast<const Pack*>(l.gate_up);
    const auto rows = static_cast<unsigned>(l.rows);
    if (l.out != nullptr) {
      const int threads = std::min(kThreads, (packs + kWarp - 1) / kWarp * kWarp);
      swiglu_kernel<<<rows, threads, 0, stream>>>(gate_up, reinterpret_cast<Pack*>(l.out), packs);
      return;
    }
    for_row_block(l.width, [&](auto each, int threads) {
      swiglu_float8_kernel<each()><<<rows, threads, 0, stream>>>(gate_up, l.float8, packs);
    });
  });
}

}  // namespace orrery
