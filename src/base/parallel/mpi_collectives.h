#pragma once

#include <memory>

#include "base/parallel/collectives.h"
#include "base/parallel/comm.h"

namespace orrery {

// Collectives of CPU tensors over MPI. `comm` must outlive the result.
std::unique_ptr<Collectives> make_mpi_collectives(const Comm& comm);

}  // namespace orrery
