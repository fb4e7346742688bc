#pragma once

#include <ATen/ATen.h>
#include <mpi.h>

#include <vector>

#include "base/parallel/comm.h"

namespace orrery {

// A set of point-to-point messages of contiguous CPU tensors, of any size, in flight together.
// The tensors must live until wait() returns.
class Transfers {
 public:
  explicit Transfers(const Comm& comm) : comm_(comm.get()) {}

  void send(const at::Tensor& x, int to);
  void receive(const at::Tensor& x, int from);  // into x's storage
  // Throws Error when a message failed.
  void wait();

 private:
  MPI_Comm comm_;
  std::vector<MPI_Request> requests_;
};

}  // namespace orrery
