#pragma once

#include <cstdint>
#include <string>

namespace orrery {

// Message of the Error that GPU functions throw in a program that was built without CUDA.
inline constexpr char kNoCuda[] = "this program was built without CUDA: build it where the CUDA toolkit is found";

// The number of GPUs that this process can see; `problem` says why when it is 0.
struct GpuCount {
  int count = 0;
  std::string problem;
};

GpuCount count_gpus();

// Loads LibTorch's library of GPU kernels. Call it before the first tensor operation on a GPU. The library is not
// linked, since loading it costs a third of a second and 200 MB, which only programs that compute on a GPU should pay.
// Throws Error.
void load_gpu_kernels();

// Identifies a GPU (or MIG slice) on its node, whatever index a process has for it. Throws Error.
std::string gpu_uuid(int index);
// The GPU's product name: "NVIDIA H200". Throws Error.
std::string gpu_name(int index);
// Whether the GPU multiplies float8 matrices with a scale for each row: compute capability 9.0 or later. Throws Error.
bool multiplies_float8(int index);
// Whether the GPU is of NVIDIA's Hopper generation (compute capability 9), which some kernels require. Throws Error.
bool is_hopper(int index);
// Makes the GPU the current device of this thread. Throws Error.
void use_gpu(int index);

// The functions below ask LibTorch's allocator on the GPU, which must be the current device and hold a tensor. All
// throw Error. Bytes that the allocator holds unused, plus this process's share of the GPU's free memory among
// `sharers` processes.
std::int64_t free_gpu_bytes(int index, int sharers);
std::int64_t peak_gpu_bytes(int index);  // peak of the bytes held by tensors since the last reset
void reset_peak_gpu_bytes(int index);
void release_unused_gpu_memory();  // on all GPUs of this process

// Waits until the current GPU has done its queued work. Throws Error.
void synchronize_gpu();

// Begin and end a range of this thread; ranges nest. Used through ProfilerRange.
void begin_profiler_range(const char* name) noexcept;
void end_profiler_range() noexcept;

// A named range of this thread's work for profilers that read NVTX. Without a profiler it costs some nanoseconds; in a
// program built without CUDA it does nothing.
class ProfilerRange {
 public:
  explicit ProfilerRange(const char* name) { begin_profiler_range(name); }
  ProfilerRange(const ProfilerRange&) = delete;
  ProfilerRange& operator=(const ProfilerRange&) = delete;
  ~ProfilerRange() { end_profiler_range(); }
};

}  // namespace orrery
