#pragma once

#include <memory>

#include "base/parallel/collectives.h"
#include "base/parallel/comm.h"

namespace orrery {

// Collectives of tensors on `device` (with its number) over NCCL, queued on the current stream. Collective over `comm`,
// which must outlive the result. Throws Error in a program that was built without CUDA.
std::unique_ptr<Collectives> make_nccl_collectives(const Comm& comm, at::Device device);

// Aborts every NCCL communicator of this process, so that kernels that wait for a lost rank end. Any thread, while
// another may be inside NCCL.
void abort_gpu_communicators() noexcept;

// Collectives of tensors on `device`, a GPU that ranks of `comm` share. They go through host memory, except the
// asynchronous all-reduces of a pair of ranks, which go as between two GPUs (SumsBehind). `comm` must outlive the
// result. Throws Error in a program that was built without CUDA.
std::unique_ptr<Collectives> make_shared_gpu_collectives(const Comm& comm, at::Device device);

}  // namespace orrery
