#include <algorithm>

#include "base/device/cuda_event.h"
#include "base/device/launch.h"
#include "io/checkpoint/random_value.h"

namespace orrery {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocksPerProcessor = 8;  // fills a multiprocessor of 2048 threads
constexpr std::int64_t kStoreBytes = 16;

template <class T>
constexpr int kWidth = kStoreBytes / sizeof(T);

// The number of elements from the 16-byte boundary before `out` to `out`.
template <class T>
__host__ __device__ std::int64_t lead_of(const T* out) {
  return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(out) % kStoreBytes / sizeof(T));
}

// Makes one 16-byte store of kWidth contiguous elements, with a single division to find their position in the tensor.
template <class T>
__device__ void fill_group(T* out, std::int64_t first, const RandomRule& rule, const PieceOrder& order) {
  alignas(kStoreBytes) T values[kWidth<T>];
  std::int64_t index = order.index(first);
  std::int64_t left = order.run - first % order.run;
#pragma unroll
  for (int i = 0; i < kWidth<T>; ++i) {
    values[i] = static_cast<T>(random_value(rule, index));
    ++index;
    if (--left == 0) {
      index += order.stride - order.run;
      left = order.run;
    }
  }
  *reinterpret_cast<uint4*>(out + first) = *reinterpret_cast<const uint4*>(values);
}

template <class T>
__global__ void fill_kernel(T* out, std::int64_t count, RandomRule rule, PieceOrder order) {
  const std::int64_t lead = lead_of(out);
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  std::int64_t group = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; group * kWidth<T> - lead < count; group += step) {
    const std::int64_t first = group * kWidth<T> - lead;
    if (first >= 0 && first + kWidth<T> <= count) {
      fill_group(out, first, rule, order);
      continue;
    }
    for (std::int64_t i = first < 0 ? 0 : first; i < first + kWidth<T> && i < count; ++i) {
      out[i] = static_cast<T>(random_value(rule, order.index(i)));
    }
  }
}

template <class T>
void launch(T* out, std::int64_t count, int device, const RandomRule& rule, const PieceOrder& order) {
  int processors = 0;
  check_cuda(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device), "count a GPU's processors");
  const std::int64_t groups = (count + lead_of(out) + kWidth<T> - 1) / kWidth<T>;
  const std::int64_t blocks =
      std::min<std::int64_t>((groups + kThreads - 1) / kThreads, std::int64_t{processors} * kBlocksPerProcessor);
  launch_on(device, "make random weights on a GPU", [&](cudaStream_t stream) {
    fill_kernel<<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(out, count, rule, order);
  });
}

}  // namespace

void fill_random_gpu(float* out, std::int64_t count, int device, const RandomRule& rule, const PieceOrder& order) {
  launch(out, count, device, rule, order);
}

void fill_random_gpu(c10::BFloat16* out, std::int64_t count, int device, const RandomRule& rule,
                     const PieceOrder& order) {
  launch(out, count, device, rule, order);
}

}  // namespace orrery
