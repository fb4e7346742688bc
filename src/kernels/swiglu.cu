#include <algorithm>

#include "kernels/gpu_check.cuh"
#include "kernels/gpu_launch.h"
#include "kernels/gpu_pack.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 256;
constexpr int kWarp = 32;

// A block a row.
__global__ void swiglu_kernel(const Pack* gate_up, Pack* out, int packs) {
  const std::int64_t row = blockIdx.x;
  const Pack* const gates = gate_up + row * 2 * packs;
#pragma unroll 2
  for (int at = static_cast<int>(threadIdx.x); at < packs; at += static_cast<int>(blockDim.x)) {
    Floats gate = unpack(gates[at]);
    const Floats up = unpack(gates[packs + at]);
#pragma unroll
    for (int i = 0; i < kPackWidth; ++i) gate.v[i] = gate.v[i] / (1 + __expf(-gate.v[i])) * up.v[i];
    out[row * packs + at] = pack(gate);
  }
}

}  // namespace

void launch(const SwiGluLaunch& l, int device) {
  launch_on(device, "apply SwiGLU on a GPU", [&](cudaStream_t stream) {
    const int packs = static_cast<int>(l.width / kPackWidth);
    const int threads = std::min(kThreads, (packs + kWarp - 1) / kWarp * kWarp);
    swiglu_kernel<<<static_cast<unsigned>(l.rows), threads, 0, stream>>>(reinterpret_cast<const Pack*>(l.gate_up),
                                                                         reinterpret_cast<Pack*>(l.out), packs);
  });
}

}  // namespace orrery
