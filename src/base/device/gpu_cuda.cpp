#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <nvtx3/nvToolsExt.h>

#include <string_view>

#include "base/core/error.h"
#include "base/device/cuda_event.h"
#include "base/device/gpu.h"

namespace orrery {
namespace {

std::string version(int number) { return fmt::format("{}.{}", number / 1000, number % 1000 / 10); }

std::string why_no_gpu(cudaError_t code) {
  int driver = 0;  // stays 0 without a driver
  int runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (driver == 0) return "no usable GPU: no NVIDIA driver is installed";
  return std::string("no usable GPU: ") + cudaGetErrorString(code) + " (the driver supports CUDA " + version(driver) +
         ", this program needs CUDA " + version(runtime) + ")";
}

cudaDeviceProp properties_of(int index) {
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, index), fmt::format("ask for the properties of GPU {}", index));
  return properties;
}

c10::CachingDeviceAllocator::DeviceStats allocator_stats(int index) {
  return c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
}

// The statistic over all pools of the allocator.
const c10::CachingAllocator::Stat& total(const c10::CachingAllocator::StatArray& stats) {
  return stats[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
}

}  // namespace

GpuCount count_gpus() {
  int count = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code == cudaSuccess && count > 0) return {count, ""};
  cudaGetLastError();  // clears the error, which the CPU path must not see again
  return {0, why_no_gpu(code == cudaSuccess ? cudaErrorNoDevice : code)};
}

void load_gpu_kernels() {
  if (::dlopen(ORRERY_TORCH_CUDA_LIBRARY, RTLD_LAZY | RTLD_GLOBAL) == nullptr) {
    fail("load LibTorch's kernels for GPUs", ::dlerror());
  }
}

std::string gpu_uuid(int index) {
  const cudaDeviceProp properties = properties_of(index);
  std::string digits;
  for (const char byte : properties.uuid.bytes) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(byte);
    digits += {kHex[value >> 4], kHex[value & 15]};
  }
  return digits;
}

std::string gpu_name(int index) { return properties_of(index).name; }

bool multiplies_float8(int index) { return properties_of(index).major >= 9; }

bool is_hopper(int index) { return properties_of(index).major == 9; }

void use_gpu(int index) {
  check_cuda(c10::cuda::SetDevice(static_cast<c10::DeviceIndex>(index)), fmt::format("use GPU {}", index));
}

std::int64_t free_gpu_bytes(int index, int sharers) {
  std::size_t free = 0;
  std::size_t whole = 0;
  check_cuda(cudaMemGetInfo(&free, &whole), fmt::format("ask for the free memory of GPU {}", index));
  const auto stats = allocator_stats(index);
  return static_cast<std::int64_t>(free) / sharers + total(stats.reserved_bytes).current -
         total(stats.allocated_bytes).current;
}

std::int64_t peak_gpu_bytes(int index) { return total(allocator_stats(index).allocated_bytes).peak; }

void reset_peak_gpu_bytes(int index) {
  c10::cuda::CUDACachingAllocator::resetPeakStats(static_cast<c10::DeviceIndex>(index));
}

void release_unused_gpu_memory() { c10::cuda::CUDACachingAllocator::emptyCache(); }

void synchronize_gpu() { check_cuda(cudaDeviceSynchronize(), "wait for the GPU's work"); }

void begin_profiler_range(const char* name) noexcept { nvtxRangePushA(name); }

void end_profiler_range() noexcept { nvtxRangePop(); }

}  // namespace orrery
