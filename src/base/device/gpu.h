#pragma once

#include <cstdint>
#include <string>

namespace orrery {

// The GPUs that this process can see; `problem` says why there are none.
struct GpuCount {
  int count = 0;
  std::string problem;
};

GpuCount count_gpus();

// Loads LibTorch's kernels for GPUs: before the first tensor operation of a program that computes there. No symbol of
// ours asks for their library, which is therefore not linked: it would cost every other program a third of a second and
// 200 MB. Throws Error.
void load_gpu_kernels();

// Tells GPUs (and MIG slices) of one node apart whatever number a process gives them. Throws Error.
std::string gpu_uuid(int index);
// As its maker calls it: "NVIDIA H200". Throws Error.
std::string gpu_name(int index);
// Whether it multiplies float8 matrices with a factor a row: compute capability 9.0. Throws Error.
bool multiplies_float8(int index);
// Whether it is one of NVIDIA's Hopper GPUs, for which some kernels are made: compute capability 9. Throws Error.
bool is_hopper(int index);
// Makes it the current device of this thread. Throws Error.
void use_gpu(int index);

// Of LibTorch's allocator on the GPU, which has to be the current one and to have a tensor. Throw Error.
// What the allocator holds unused, and this process' share of the GPU's own, which `sharers` processes want to use.
std::int64_t free_gpu_bytes(int index, int sharers);
std::int64_t peak_gpu_bytes(int index);  // held by tensors at most since the last reset
void reset_peak_gpu_bytes(int index);
void release_unused_gpu_memory();  // of all GPUs of this process

// Waits for the current GPU's queued work. Throws Error.
void synchronize_gpu();

// Of this thread, one inside another; see profiler_range.h.
void begin_profiler_range(const char* name) noexcept;
void end_profiler_range() noexcept;

}  // namespace orrery
