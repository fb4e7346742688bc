#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <string>

namespace orrery {

// Bytes that new tensors could still take: what is free on the GPU, divided by the number of ranks that share it, plus
// what the allocator holds without using it. None on a CPU, where no limit is known.
std::optional<std::int64_t> free_memory(at::Device device, int sharers = 1);

// Whether one block of that size can be allocated now. The block goes back to the GPU, with all that the allocator
// holds unused, so that others (sums_behind.h, NCCL) can allocate beside the coming tensors. Always true on a CPU. Not
// inside a clip's steps.
bool can_allocate(at::Device device, std::int64_t bytes);

// Gives what the allocator holds without using it back to the GPU, so that tensors of other sizes find whole blocks.
void release_unused_memory(at::Device device);

// The peak since reset_peak_memory of the bytes that tensors hold, weights and cuDNN's workspaces included; without the
// CUDA context, NCCL's buffers and what the allocator holds unused. None on a CPU.
std::optional<std::int64_t> peak_memory(at::Device device);
void reset_peak_memory(at::Device device);

// Waits until all work queued on the device is done, so that a clock that is read next is right. Only at the ends of
// phases.
void finish_work(at::Device device);

// An out-of-memory error of LibTorch in one line: what was wanted, what there was, what helps.
std::string out_of_memory_message(const std::string& said);

// What a user can do when GPU memory is short: "use …".
const char* memory_advice();

}  // namespace orrery
