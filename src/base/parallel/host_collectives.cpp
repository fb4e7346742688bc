#include "base/parallel/host_collectives.h"

#include "base/parallel/mpi_collectives.h"
#include "base/parallel/operand.h"

namespace orrery {

HostCollectives::HostCollectives(const Comm& comm, at::Device device)
    : mpi_(make_mpi_collectives(comm)), device_(device) {}

at::Tensor HostCollectives::on_host(const at::Tensor& x) const {
  require_operand(x, device_);
  return x.to(at::kCPU, /*non_blocking=*/false, /*copy=*/true);
}

at::Tensor HostCollectives::on_device(const at::Tensor& x) const { return x.defined() ? x.to(device_) : x; }

void HostCollectives::all_reduce_sum(at::Tensor& x) {
  at::Tensor sum = on_host(x);
  mpi_->all_reduce_sum(sum);
  x.copy_(sum);
}

at::Tensor HostCollectives::all_gather(const at::Tensor& x, std::int64_t dim) {
  return on_device(mpi_->all_gather(on_host(x), dim));
}

void HostCollectives::broadcast(at::Tensor& x, int root) {
  at::Tensor host = on_host(x);
  mpi_->broadcast(host, root);
  x.copy_(host);
}

std::pair<at::Tensor, at::Tensor> HostCollectives::exchange_rows(const at::Tensor& up, const at::Tensor& down) {
  const auto [above, below] = mpi_->exchange_rows(on_host(up), on_host(down));
  return {on_device(above), on_device(below)};
}

std::vector<at::Tensor> HostCollectives::gather_to_root(const at::Tensor& x) {
  std::vector<at::Tensor> all = mpi_->gather_to_root(on_host(x));
  for (at::Tensor& of_rank : all) of_rank = on_device(of_rank);
  return all;
}

}  // namespace orrery
