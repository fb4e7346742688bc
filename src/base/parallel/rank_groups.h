#pragma once

#include <memory>

#include "base/parallel/collectives.h"
#include "base/parallel/comm.h"
#include "base/parallel/process_grid.h"

namespace orrery {

// The backend for `device`: a group of one is a no-op, CUDA uses NCCL (its unique id travels over `comm`), CPU uses
// MPI; ranks that share a GPU use MPI through host memory, so that the host waits (HostCollectives). Collective over
// `comm`, which must outlive the result.
std::unique_ptr<Collectives> make_collectives(const Comm& comm, at::Device device);

// This rank's groups in a grid, one for each axis.
struct RankGroups {
  // Collective over the grid's ranks. `grid` must outlive the object.
  RankGroups(const ProcessGrid& grid, at::Device device);

  std::unique_ptr<Collectives> tp;
  std::unique_ptr<Collectives> sp;
  std::unique_ptr<Collectives> cfg;
};

}  // namespace orrery
