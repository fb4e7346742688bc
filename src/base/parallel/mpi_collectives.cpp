#include <mpi.h>

#include <string>

#include "base/core/pulse.h"
#include "base/parallel/collective_backends.h"
#include "base/parallel/comm.h"
#include "base/parallel/tensor_messages.h"

namespace orrery {
namespace {

MPI_Datatype reducible_type(at::ScalarType dtype) {
  if (dtype == at::kFloat) return MPI_FLOAT;
  if (dtype == at::kDouble) return MPI_DOUBLE;
  if (dtype == at::kLong) return MPI_INT64_T;
  throw Error(std::string("all_reduce_sum cannot sum tensors of ") + at::toString(dtype));
}

class MpiCollectives final : public Collectives {
 public:
  explicit MpiCollectives(const Comm& comm) : comm_(comm) {}

  Shard shard() const override { return comm_.shard(); }

 private:
  void do_all_reduce_sum(at::Tensor& x) override;
  at::Tensor do_all_gather(const at::Tensor& x, std::int64_t dim) override;
  void do_all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from) override;
  void do_broadcast(at::Tensor& x, int root) override;
  std::pair<at::Tensor, at::Tensor> do_exchange_rows(const at::Tensor& up, const at::Tensor& down) override;
  std::vector<at::Tensor> do_gather_to_root(const at::Tensor& x) override;

  const Comm& comm_;
};

void MpiCollectives::do_all_reduce_sum(at::Tensor& x) {
  const Meeting meeting;
  require_operand(x, at::kCPU);
  if (x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf) {  // MPI lacks both types
    at::Tensor sum = x.to(at::kFloat);
    do_all_reduce_sum(sum);
    x.copy_(sum);
    return;
  }
  const MPI_Datatype type = reducible_type(x.scalar_type());
  auto* data = static_cast<std::byte*>(x.mutable_data_ptr());
  for_blocks(x.numel(), [&](std::int64_t begin, int count) {
    std::byte* block = data + begin * x.element_size();
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, block, count, type, MPI_SUM, comm_.get()), "sum a tensor over ranks");
  });
}

at::Tensor MpiCollectives::do_all_gather(const at::Tensor& x, std::int64_t dim) {
  require_operand(x, at::kCPU);
  const auto [rank, size] = shard();
  const at::Tensor stacked = empty_stack(x, size);
  stacked[rank].copy_(x);
  Transfers transfers(comm_);
  for (int distance = 1; distance < size; ++distance) {  // each rank starts with a different peer
    transfers.receive(stacked[(rank + size - distance) % size], (rank + size - distance) % size);
    transfers.send(x, (rank + distance) % size);
  }
  transfers.wait();
  return join_stacked(stacked, dim);
}

void MpiCollectives::do_all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from) {
  const auto [rank, size] = shard();
  Transfers transfers(comm_);
  for (int distance = 1; distance < size; ++distance) {
    const int before = (rank + size - distance) % size, behind = (rank + distance) % size;
    const at::Tensor &arrives = from[static_cast<std::size_t>(before)], &leaves = to[static_cast<std::size_t>(behind)];
    require_operand(arrives, at::kCPU);
    require_operand(leaves, at::kCPU);
    transfers.receive(arrives, before);
    transfers.send(leaves, behind);
  }
  transfers.wait();
}

void MpiCollectives::do_broadcast(at::Tensor& x, int root) {
  const Meeting meeting;
  require_operand(x, at::kCPU);
  auto* data = static_cast<std::byte*>(x.mutable_data_ptr());
  for_blocks(static_cast<std::int64_t>(x.nbytes()), [&](std::int64_t begin, int count) {
    check_mpi(MPI_Bcast(data + begin, count, MPI_BYTE, root, comm_.get()), "broadcast a tensor");
  });
}

std::pair<at::Tensor, at::Tensor> MpiCollectives::do_exchange_rows(const at::Tensor& up, const at::Tensor& down) {
  require_operand(up, at::kCPU);
  require_operand(down, at::kCPU);
  const auto [rank, size] = shard();
  std::pair<at::Tensor, at::Tensor> received;
  Transfers transfers(comm_);
  if (rank > 0) {
    transfers.receive(received.first = at::empty_like(down), rank - 1);
    transfers.send(up, rank - 1);
  }
  if (rank + 1 < size) {
    transfers.receive(received.second = at::empty_like(up), rank + 1);
    transfers.send(down, rank + 1);
  }
  transfers.wait();
  return received;
}

std::vector<at::Tensor> MpiCollectives::do_gather_to_root(const at::Tensor& x) {
  require_operand(x, at::kCPU);
  const std::vector<std::int64_t> rows = comm_.gather_to_root(x.size(0));
  Transfers transfers(comm_);
  if (!comm_.is_root()) {
    transfers.send(x, 0);
    transfers.wait();
    return {};
  }
  std::vector<at::Tensor> all = empty_for_rows(x, rows);
  for (int rank = 1; rank < shard().size; ++rank) transfers.receive(all[static_cast<std::size_t>(rank)], rank);
  transfers.wait();
  return all;
}

}  // namespace

std::unique_ptr<Collectives> make_mpi_collectives(const Comm& comm) { return std::make_unique<MpiCollectives>(comm); }

HostCollectives::HostCollectives(const Comm& comm, at::Device device)
    : mpi_(make_mpi_collectives(comm)), device_(device) {}

at::Tensor HostCollectives::on_host(const at::Tensor& x) const {
  require_operand(x, device_);
  return x.to(at::kCPU, /*non_blocking=*/false, /*copy=*/true);
}

at::Tensor HostCollectives::on_device(const at::Tensor& x) const { return x.defined() ? x.to(device_) : x; }

void HostCollectives::do_all_reduce_sum(at::Tensor& x) {
  at::Tensor sum = on_host(x);
  mpi_->all_reduce_sum(sum);
  x.copy_(sum);
}

at::Tensor HostCollectives::do_all_gather(const at::Tensor& x, std::int64_t dim) {
  return on_device(mpi_->all_gather(on_host(x), dim));
}

void HostCollectives::do_all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from) {
  const auto own = static_cast<std::size_t>(shard().rank);
  std::vector<at::Tensor> leave, arrive;
  for (std::size_t rank = 0; rank < to.size(); ++rank) {
    leave.push_back(rank == own ? at::Tensor() : on_host(to[rank]));
    arrive.push_back(rank == own ? at::Tensor() : at::empty(from[rank].sizes(), from[rank].options().device(at::kCPU)));
  }
  leave[own] = arrive[own] = at::empty({0});
  mpi_->all_to_all(leave, arrive);
  for (std::size_t rank = 0; rank < from.size(); ++rank) {
    if (rank != own) from[rank].copy_(arrive[rank]);
  }
}

void HostCollectives::do_broadcast(at::Tensor& x, int root) {
  at::Tensor host = on_host(x);
  mpi_->broadcast(host, root);
  x.copy_(host);
}

std::pair<at::Tensor, at::Tensor> HostCollectives::do_exchange_rows(const at::Tensor& up, const at::Tensor& down) {
  const auto [above, below] = mpi_->exchange_rows(on_host(up), on_host(down));
  return {on_device(above), on_device(below)};
}

std::vector<at::Tensor> HostCollectives::do_gather_to_root(const at::Tensor& x) {
  std::vector<at::Tensor> all = mpi_->gather_to_root(on_host(x));
  for (at::Tensor& of_rank : all) of_rank = on_device(of_rank);
  return all;
}

}  // namespace orrery
