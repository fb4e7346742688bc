#pragma once

#include <memory>

#include "base/parallel/collectives.h"
#include "base/parallel/comm.h"

namespace orrery {

// Collectives of CPU tensors over MPI. `comm` must outlive the result.
std::unique_ptr<Collectives> make_mpi_collectives(const Comm& comm);

// Collectives of tensors on `device` through host memory and MPI, for ranks that share a GPU, which NCCL refuses. Sums
// are rounded and ordered like those of CPU tensors. Unlike the other backends, it waits in each call for the work
// queued on the current stream.
class HostCollectives : public Collectives {
 public:
  // `comm` must outlive it.
  HostCollectives(const Comm& comm, at::Device device);

  Shard shard() const override { return mpi_->shard(); }

 protected:
  at::Device device() const { return device_; }
  void do_all_reduce_sum(at::Tensor& x) override;

 private:
  at::Tensor do_all_gather(const at::Tensor& x, std::int64_t dim) override;
  void do_all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from) override;
  void do_broadcast(at::Tensor& x, int root) override;
  std::pair<at::Tensor, at::Tensor> do_exchange_rows(const at::Tensor& up, const at::Tensor& down) override;
  std::vector<at::Tensor> do_gather_to_root(const at::Tensor& x) override;
  at::Tensor on_host(const at::Tensor& x) const;
  at::Tensor on_device(const at::Tensor& x) const;  // undefined stays undefined

  std::unique_ptr<Collectives> mpi_;
  at::Device device_;
};

// Collectives of tensors on `device` (a GPU with its index) over NCCL, queued on the current stream. Collective over
// `comm`, which must outlive the result. Throws Error in a program that was built without CUDA.
std::unique_ptr<Collectives> make_nccl_collectives(const Comm& comm, at::Device device);

// Aborts every NCCL communicator of this process, so that kernels that wait for a lost rank end. Any thread may call
// it, even while another one is inside NCCL.
void abort_gpu_communicators() noexcept;

// Collectives of tensors on `device`, a GPU that ranks of `comm` share. They go through host memory, except the
// asynchronous all-reduces of two ranks, which SumsBehind makes as between two GPUs. `comm` must outlive the result.
// Throws Error in a program that was built without CUDA.
std::unique_ptr<Collectives> make_shared_gpu_collectives(const Comm& comm, at::Device device);

}  // namespace orrery
