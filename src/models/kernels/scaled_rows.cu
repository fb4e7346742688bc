#include <algorithm>

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

struct Arguments {
  Pack* x;
  const Pack* delta;
  const Pack* more;
  const Pack* weight;
  Pack* normed;
  Float8Out float8;
  int packs;
  float width;
  float eps;
};

// x + (delta + more), summed in float32 and rounded once, so that the order of the two terms does not matter.
__device__ Pack add_terms(const Pack& x, const Pack& delta, const Pack& more) {
  return pack(sum_of(unpack(x), sum_of(unpack(delta), unpack(more))));
}

// One block for each row. The norm is that of the rounded sum.
template <int kPacks>
__global__ void __launch_bounds__(kLargestBlock) add_rms_norm_kernel(Arguments a) {
  __shared__ float scratch[2][kWarp];
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * a.packs;
  Pack kept[kPacks], delta[kPacks] = {}, more[kPacks] = {}, gains[kPacks];
  // All loads come before the first store, since the compiler cannot move loads before a store.
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const int at = static_cast<int>(threadIdx.x + i * blockDim.x);
    if (at >= a.packs) continue;
    kept[i] = a.x[row + at];
    if (a.delta != nullptr) delta[i] = a.delta[row + at];
    if (a.more != nullptr) more[i] = a.more[row + at];
    gains[i] = a.weight[at];
  }
  float squares = 0;
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const int at = static_cast<int>(threadIdx.x + i * blockDim.x);
    if (at >= a.packs) continue;
    if (a.delta != nullptr) {
      kept[i] = add_terms(kept[i], delta[i], more[i]);
      a.x[row + at] = kept[i];
    }
    squares += sum_of_squares(unpack(kept[i]));
  }
  const float scale = rsqrtf(over_block(squares, scratch[0], sum) / a.width + a.eps);
  Floats values[kPacks];
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const int at = static_cast<int>(threadIdx.x + i * blockDim.x);
    if (at >= a.packs) continue;
    values[i] = unpack(kept[i]);
    const Floats gain = unpack(gains[i]);
#pragma unroll
    for (int j = 0; j < kPackWidth; ++j) values[i].v[j] *= scale * gain.v[j];
    if (a.normed != nullptr) a.normed[row + at] = pack(values[i]);
  }
  if (a.normed == nullptr) write_float8_row(a.float8, blockIdx.x, values, a.packs, scratch[1]);
}

constexpr int kThreads = 256;

// A constant, since device code can read it but cannot call the function.
template <MlpKind kKind>
constexpr int kInputs = mlp_inputs(kKind);

// One pack of an activated row of `packs` packs.
template <MlpKind kKind>
__device__ Floats activated(const Pack* row, int packs, int at) {
  Floats x = unpack(row[at]);
  if constexpr (kKind == MlpKind::SwiGlu) {
    const Floats up = unpack(row[packs + at]);
#pragma unroll
    for (int i = 0; i < kPackWidth; ++i) x.v[i] = x.v[i] / (1 + __expf(-x.v[i])) * up.v[i];
  } else {
    // Not fmaxf(), which would hide a NaN.
#pragma unroll
    for (int i = 0; i < kPackWidth; ++i) x.v[i] = x.v[i] < 0 ? 0 : x.v[i] * x.v[i];
  }
  return x;
}

// One block for each row.
template <MlpKind kKind>
__global__ void activation_kernel(const Pack* in, Pack* out, int packs) {
  const std::int64_t row = blockIdx.x;
  const Pack* const begin = in + row * kInputs<kKind> * packs;
#pragma unroll 2
  for (int at = static_cast<int>(threadIdx.x); at < packs; at += static_cast<int>(blockDim.x)) {
    out[row * packs + at] = pack(activated<kKind>(begin, packs, at));
  }
}

// Writes the result in 8 bits, once the whole row, which determines its factor, has been computed.
template <MlpKind kKind, int kPacks>
__global__ void __launch_bounds__(kLargestBlock) activation_float8_kernel(const Pack* in, Float8Out out, int packs) {
  __shared__ float scratch[kWarp];
  const Pack* const begin = in + static_cast<std::int64_t>(blockIdx.x) * kInputs<kKind> * packs;
  Floats values[kPacks];
#pragma unroll
  for (int i = 0; i < kPacks; ++i) {
    const int at = static_cast<int>(threadIdx.x + i * blockDim.x);
    if (at < packs) values[i] = activated<kKind>(begin, packs, at);
  }
  write_float8_row(out, blockIdx.x, values, packs, scratch);
}

template <MlpKind kKind>
void start_activation(const ActivationLaunch& l, cudaStream_t stream) {
  const int packs = static_cast<int>(l.width / kPackWidth);
  const auto* const in = reinterpret_cast<const Pack*>(l.in);
  const auto rows = static_cast<unsigned>(l.rows);
  if (l.out != nullptr) {
    const int threads = std::min(kThreads, (packs + kWarp - 1) / kWarp * kWarp);
    activation_kernel<kKind><<<rows, threads, 0, stream>>>(in, reinterpret_cast<Pack*>(l.out), packs);
    return;
  }
  for_row_block(l.width, [&](auto each, int threads) {
    activation_float8_kernel<kKind, each()><<<rows, threads, 0, stream>>>(in, l.float8, packs);
  });
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

void launch(const AddRmsNormLaunch& l, int device) {
  const auto packs_of = [](const BFloat16* values) { return reinterpret_cast<const Pack*>(values); };
  const Arguments arguments{reinterpret_cast<Pack*>(l.x),
                            packs_of(l.delta),
                            packs_of(l.more),
                            packs_of(l.weight),
                            reinterpret_cast<Pack*>(l.normed),
                            l.float8,
                            static_cast<int>(l.width / kPackWidth),
                            static_cast<float>(l.width),
                            l.eps};
  launch_on(device, "add and normalise rows on a GPU", [&](cudaStream_t stream) {
    for_row_block(l.width, [&](auto packs, int threads) {
      add_rms_norm_kernel<packs()><<<static_cast<unsigned>(l.rows), threads, 0, stream>>>(arguments);
    });
  });
}

void launch(const ActivationLaunch& l, int device) {
  launch_on(device, "activate an MLP's rows on a GPU", [&](cudaStream_t stream) {
    if (l.kind == MlpKind::SwiGlu) return start_activation<MlpKind::SwiGlu>(l, stream);
    start_activation<MlpKind::SquaredRelu>(l, stream);
  });
}

}  // namespace orrery
