#include "base/parallel/collectives.h"

#include <fmt/format.h>

#include "base/core/error.h"

namespace orrery {
namespace {

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

RowWindow* Collectives::window(int number) {
  RowWindow* const window = do_window(number);
  if (window != nullptr) window->traffic_ = &traffic_[static_cast<std::size_t>(ExchangeKind::AllToAll)];
  return window;
}

void RowWindow::put(int to, const at::Tensor& rows, std::int64_t offset, std::int64_t pitch) {
  do_put(to, rows, offset, pitch);
  traffic_->bytes += bytes_of(rows);
}

void RowWindow::finish() {
  do_finish();
  ++traffic_->calls;
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

std::string sum_path(const Collectives& group) {
  const auto* teller = dynamic_cast<const TellsPaths*>(&group);
  return teller == nullptr ? "" : teller->sum_path();
}

std::string window_path(const Collectives& group) {
  const auto* teller = dynamic_cast<const TellsPaths*>(&group);
  return teller == nullptr ? "" : teller->window_path();
}

}  // namespace orrery
