#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <string>

namespace orrery {

// Bytes that new tensors could still take: what is free on the GPU, divided by the number of ranks that share it, plus
// what the allocator holds without using it. None on a CPU, where no limit is known.
std::optional<std::int64_t> free_memory(at::Device device, int sharers = 1);

// Whether one block of `bytes` can be allocated now. The block is then returned to the GPU with all unused memory of
// the allocator, so that users of other memory (sums_behind.h, NCCL) can allocate too. Always true on a CPU. Do not
// call it between a clip's steps.
bool can_allocate(at::Device device, std::int64_t bytes);

// Returns the allocator's unused memory to the GPU, so that tensors of other sizes find whole blocks.
void release_unused_memory(at::Device device);

// Peak of the bytes held by tensors since reset_peak_memory(), including weights and cuDNN's workspaces, but not the
// CUDA context, NCCL's buffers or the allocator's unused memory. None on a CPU.
std::optional<std::int64_t> peak_memory(at::Device device);
void reset_peak_memory(at::Device device);

// Waits until all work queued on the device is done, so that a clock read next is right. Call it only at the ends of
// phases.
void finish_work(at::Device device);

// Rewrites LibTorch's out-of-memory error as one line: how much was requested, how much was there, what helps.
std::string out_of_memory_message(const std::string& said);

// What a user can do when GPU memory is short: "use …".
const char* memory_advice();

}  // namespace orrery
