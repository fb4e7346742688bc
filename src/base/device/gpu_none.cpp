// Replaces gpu_cuda.cpp in a program built without CUDA.
#include "base/core/error.h"
#include "base/device/gpu.h"

namespace orrery {
GpuCount count_gpus() { return {0, kNoCuda}; }

void load_gpu_kernels() { throw Error(kNoCuda); }

std::string gpu_uuid(int) { throw Error(kNoCuda); }

std::string gpu_name(int) { throw Error(kNoCuda); }

bool multiplies_float8(int) { throw Error(kNoCuda); }

bool is_hopper(int) { throw Error(kNoCuda); }

void use_gpu(int) { throw Error(kNoCuda); }

std::int64_t free_gpu_bytes(int, int) { throw Error(kNoCuda); }

std::int64_t peak_gpu_bytes(int) { throw Error(kNoCuda); }

void reset_peak_gpu_bytes(int) { throw Error(kNoCuda); }

void release_unused_gpu_memory() { throw Error(kNoCuda); }

void synchronize_gpu() { throw Error(kNoCuda); }

void begin_profiler_range(const char*) noexcept {}

void end_profiler_range() noexcept {}

}  // namespace orrery
