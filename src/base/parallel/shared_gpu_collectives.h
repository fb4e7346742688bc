#pragma once

#include <memory>

#include "base/parallel/collectives.h"
#include "base/parallel/comm.h"

namespace orrery {

// Collectives of tensors on `device`, a GPU that ranks of `comm` share: through host memory, but for the sums of a
// pair that travel behind the computation, which take the way they take between two GPUs. `comm` must outlive the
// result. Throws Error in a program that was built without CUDA.
std::unique_ptr<Collectives> make_shared_gpu_collectives(const Comm& comm, at::Device device);

}  // namespace orrery
