#pragma once

#include <ATen/ATen.h>
#include <mpi.h>

#include <vector>

#include "base/parallel/comm.h"

namespace orrery {

// Throws Error unless `x` is contiguous and lives on `device`, as Collectives asks.
void require_operand(const at::Tensor& x, at::Device device);

// Joins `stacked` (ranks, shape of x...) along `dim` of x; the result is contiguous.
at::Tensor join_stacked(const at::Tensor& stacked, std::int64_t dim);

// An uninitialized tensor (ranks, shape of x...) that has room for a tensor like `x` from each rank.
at::Tensor empty_stack(const at::Tensor& x, int ranks);

// `x`, then uninitialized tensors for the ranks 1, 2, ...: like `x`, but with rows[rank] as size of dimension 0.
std::vector<at::Tensor> empty_for_rows(const at::Tensor& x, const std::vector<std::int64_t>& rows);

// Point-to-point messages of contiguous CPU tensors of any size, in flight together. The tensors must live until wait()
// returns.
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
