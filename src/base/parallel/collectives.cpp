#include "base/parallel/collectives.h"

#include <fmt/format.h>

#include "base/core/error.h"
#include "base/parallel/collective_backends.h"
#include "base/parallel/comm.h"
#include "base/parallel/device.h"

namespace orrery {
namespace {

// The collectives of a group of one, which exchange nothing.
class SoloCollectives final : public Collectives {
 public:
  Shard shard() const override { return {}; }

 private:
  void do_all_reduce_sum(at::Tensor&) override {}
  at::Tensor do_all_gather(const at::Tensor& x, std::int64_t) override { return x; }
  void do_all_to_all(const std::vector<at::Tensor>&, const std::vector<at::Tensor>&) override {}
  void do_broadcast(at::Tensor&, int) override {}
  std::pair<at::Tensor, at::Tensor> do_exchange_rows(const at::Tensor&, const at::Tensor&) override { return {}; }
  std::vector<at::Tensor> do_gather_to_root(const at::Tensor& x) override { return {x}; }
};

double bytes_of(const at::Tensor& x) { return static_cast<double>(x.nbytes()); }

// Bytes that a rank sends in a ring all-reduce: 2 (ranks - 1) / ranks of the tensor's.
double ring_bytes(const at::Tensor& x, int ranks) { return 2.0 * (ranks - 1) / ranks * bytes_of(x); }

}  // namespace

void Collectives::require_turn() const {
  constexpr std::size_t kMost = 2;
  require(under_way_.size() < kMost, "more than two sums over ranks at once");
}

void Collectives::enqueue(at::Tensor x) { under_way_.push_back(std::move(x)); }

at::Tensor Collectives::dequeue() {
  require(!under_way_.empty(), "no sum over ranks is under way");
  at::Tensor x = std::move(under_way_.front());
  under_way_.pop_front();
  return x;
}

void Collectives::do_start_sum(at::Tensor x) {
  require_turn();
  do_all_reduce_sum(x);
  enqueue(std::move(x));
}

SumTerms Collectives::do_finish_sum() { return {dequeue(), {}}; }

void Collectives::count(ExchangeKind kind, double bytes) {
  if (shard().size == 1) return;
  Traffic& traffic = traffic_[static_cast<std::size_t>(kind)];
  ++traffic.calls;
  traffic.bytes += bytes;
}

void Collectives::all_reduce_sum(at::Tensor& x) {
  do_all_reduce_sum(x);
  count(ExchangeKind::Sum, ring_bytes(x, shard().size));
}

void Collectives::start_sum(at::Tensor x) {
  const double bytes = ring_bytes(x, shard().size);
  do_start_sum(std::move(x));
  count(ExchangeKind::Sum, bytes);
}

at::Tensor Collectives::all_gather(const at::Tensor& x, std::int64_t dim) {
  at::Tensor joined = do_all_gather(x, dim);
  count(ExchangeKind::Gather, (shard().size - 1) * bytes_of(x));
  return joined;
}

void Collectives::all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from) {
  const auto [rank, size] = shard();
  const auto ranks = static_cast<std::size_t>(size), own = static_cast<std::size_t>(rank);
  require(to.size() == ranks && from.size() == ranks,
          fmt::format("all_to_all was given {} and {} tensors for {} ranks", to.size(), from.size(), ranks));
  if (to[own].const_data_ptr() != from[own].const_data_ptr()) from[own].copy_(to[own]);
  do_all_to_all(to, from);
  double bytes = -bytes_of(to[own]);
  for (const at::Tensor& share : to) bytes += bytes_of(share);
  count(ExchangeKind::AllToAll, bytes);
}

void Collectives::broadcast(at::Tensor& x, int root) {
  do_broadcast(x, root);
  count(ExchangeKind::Other, shard().rank == root ? bytes_of(x) : 0);
}

std::pair<at::Tensor, at::Tensor> Collectives::exchange_rows(const at::Tensor& up, const at::Tensor& down) {
  const auto [rank, size] = shard();
  std::pair<at::Tensor, at::Tensor> received = do_exchange_rows(up, down);
  count(ExchangeKind::Other, (rank > 0 ? bytes_of(up) : 0) + (rank + 1 < size ? bytes_of(down) : 0));
  return received;
}

std::vector<at::Tensor> Collectives::gather_to_root(const at::Tensor& x) {
  std::vector<at::Tensor> all = do_gather_to_root(x);
  count(ExchangeKind::Other, shard().rank == 0 ? 0 : bytes_of(x));
  return all;
}

std::unique_ptr<Collectives> make_collectives(const Comm& comm, at::Device device) {
  if (comm.shard().size == 1) return std::make_unique<SoloCollectives>();
  if (device.is_cpu()) return make_mpi_collectives(comm);
  require(device.is_cuda(), "collectives run on CPU and CUDA devices, not on " + device.str());
  require(device.has_index(), "collectives on CUDA need the number of the GPU, as in cuda:0");
  return gpus_are_shared(comm, device) ? make_shared_gpu_collectives(comm, device)
                                       : make_nccl_collectives(comm, device);
}

std::string sum_path(const Collectives& group) {
  const auto* teller = dynamic_cast<const TellsSumPath*>(&group);
  return teller == nullptr ? "" : teller->sum_path();
}

}  // namespace orrery
