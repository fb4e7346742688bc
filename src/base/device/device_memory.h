#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <string>

namespace orrery {

// Bytes that new tensors could still take: what is free on the GPU, divided by the ranks that share it, and what the
// allocator holds without using it. None on a CPU, whose limits nobody tells.
std::optional<std::int64_t> free_memory(at::Device device, int sharers = 1);

// Whether one block of that size can be had now. It is given back to the GPU, with all that the allocator holds unused:
// memory that others take (peer_memory.h, NCCL) must find room beside the tensors to come. Always true on a CPU. Not
// inside a clip's steps.
bool can_allocate(at::Device device, std::int64_t bytes);

// Gives what the allocator holds without using it back to the GPU, so that tensors of other sizes find whole blocks.
void release_unused_memory(at::Device device);

// Bytes that tensors held at most since reset_peak_memory: weights and cuDNN's workspaces too, but not the CUDA
// context, NCCL's buffers and what the allocator holds without using it. None on a CPU.
std::optional<std::int64_t> peak_memory(at::Device device);
void reset_peak_memory(at::Device device);

// Waits until all work queued on the device is done, so that a clock read next is right. At the ends of phases only.
void finish_work(at::Device device);

// An out-of-memory error of LibTorch in one line: what was wanted, what there was, what helps.
std::string out_of_memory_message(const std::string& said);

// What a user can do when GPU memory is short: "use …".
const char* memory_advice();

}  // namespace orrery
