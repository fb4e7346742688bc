#include <cstdint>

#include "base/device/launch.h"
#include "models/kernels/gpu_launch.h"

namespace orrery {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kWide = 4;

// Contiguous numbers that are moved in one access.
template <int kWidth>
struct alignas(kWidth * sizeof(float)) Chunk {
  float v[kWidth];
};

// The chunk of `x` at `at` (in chunks); zeros when `x` is null.
template <int kWidth>
__device__ Chunk<kWidth> read(const float* x, std::int64_t at) {
  if (x == nullptr) return {};
  return reinterpret_cast<const Chunk<kWidth>*>(x)[at];
}

template <int kWidth>
__device__ void write(float* x, std::int64_t at, const Chunk<kWidth>& values) {
  reinterpret_cast<Chunk<kWidth>*>(x)[at] = values;
}

// A few blocks for each plane, one thread for each chunk. Every rounding is explicit, so that both widths give the same
// bits.
template <int kWidth>
__global__ void sampler_step_kernel(const SamplerStepLaunch l, unsigned blocks_a_plane) {
  const std::int64_t plane = blockIdx.x / blocks_a_plane;
  const std::int64_t chunks = l.plane_size / kWidth;
  const std::int64_t in_plane = static_cast<std::int64_t>(blockIdx.x % blocks_a_plane) * kThreads + threadIdx.x;
  if (in_plane >= chunks) return;
  const std::int64_t at = plane * chunks + in_plane;
  const int place = l.places == nullptr ? -1 : l.places[plane % l.frames];

  const Chunk<kWidth> cond = read<kWidth>(l.cond, at);
  const Chunk<kWidth> uncond = read<kWidth>(l.uncond, at);
  const Chunk<kWidth> sample = read<kWidth>(l.sample, at);
  const Chunk<kWidth> last_sample = read<kWidth>(l.last_sample, at);
  const Chunk<kWidth> output_0 = read<kWidth>(l.output_0, at);
  const Chunk<kWidth> output_1 = read<kWidth>(l.output_1, at);
  Chunk<kWidth> output;
  Chunk<kWidth> corrected = sample;
  Chunk<kWidth> next;
#pragma unroll
  for (int i = 0; i < kWidth; ++i) {
    float velocity = cond.v[i];
    if (l.uncond != nullptr) velocity = fmaf(l.guidance, cond.v[i] - uncond.v[i], uncond.v[i]);
    if (place >= 0) velocity = 0;
    output.v[i] = fmaf(-l.sigma, velocity, sample.v[i]);
    if (l.corrected != nullptr) {
      float sum = l.correct_last_sample * last_sample.v[i];
      sum = fmaf(l.correct_output_1, output_1.v[i], sum);
      sum = fmaf(l.correct_output_0, output_0.v[i], sum);
      corrected.v[i] = fmaf(l.correct_output, output.v[i], sum);
    }
    const float sum = fmaf(l.predict_output, output.v[i], l.predict_corrected * corrected.v[i]);
    next.v[i] = fmaf(l.predict_output_1, output_1.v[i], sum);
  }
  if (place >= 0) next = read<kWidth>(l.given, (plane / l.frames * l.given_count + place) * chunks + in_plane);
  write(l.output, at, output);
  if (l.corrected != nullptr) write(l.corrected, at, corrected);
  write(l.next, at, next);
}

template <int kWidth>
void start(const SamplerStepLaunch& l, cudaStream_t stream) {
  const std::int64_t blocks_a_plane = (l.plane_size / kWidth + kThreads - 1) / kThreads;
  sampler_step_kernel<kWidth><<<static_cast<unsigned>(l.planes * blocks_a_plane), kThreads, 0, stream>>>(
      l, static_cast<unsigned>(blocks_a_plane));
}

// Whether every plane of every tensor begins on a 16-byte boundary.
bool is_wide(const SamplerStepLaunch& l) {
  std::uintptr_t all = 0;
  for (const float* x :
       {l.cond, l.uncond, l.sample, l.last_sample, l.output_0, l.output_1, l.given, static_cast<const float*>(l.output),
        static_cast<const float*>(l.corrected), static_cast<const float*>(l.next)}) {
    all |= reinterpret_cast<std::uintptr_t>(x);
  }
  return all % sizeof(Chunk<kWide>) == 0 && l.plane_size % kWide == 0;
}

}  // namespace

void launch(const SamplerStepLaunch& l, int device) {
  launch_on(device, "make a sampler's step on a GPU",
            [&](cudaStream_t stream) { is_wide(l) ? start<kWide>(l, stream) : start<1>(l, stream); });
}

}  // namespace orrery
