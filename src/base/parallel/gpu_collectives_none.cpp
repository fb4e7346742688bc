// Replaces the collectives of GPUs in a program built without CUDA.
#include "base/core/error.h"
#include "base/device/gpu.h"
#include "base/parallel/collective_backends.h"

namespace orrery {

void abort_gpu_communicators() noexcept {}

std::unique_ptr<Collectives> make_nccl_collectives(const Comm&, at::Device) { throw Error(kNoCuda); }

std::unique_ptr<Collectives> make_shared_gpu_collectives(const Comm&, at::Device) { throw Error(kNoCuda); }

}  // namespace orrery
