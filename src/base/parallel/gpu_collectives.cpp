#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "base/parallel/collective_backends.h"
#include "base/parallel/collectives.h"
#include "base/parallel/nccl_comm.h"
#include "base/parallel/peer_windows.h"
#include "base/parallel/sums_behind.h"
#include "base/parallel/tensor_messages.h"

namespace orrery {
namespace {

ncclDataType_t nccl_type(at::ScalarType dtype) {
  if (dtype == at::kFloat) return ncclFloat32;
  if (dtype == at::kBFloat16) return ncclBfloat16;
  if (dtype == at::kHalf) return ncclFloat16;
  if (dtype == at::kDouble) return ncclFloat64;
  if (dtype == at::kLong) return ncclInt64;
  throw Error(std::string("all_reduce_sum cannot sum tensors of ") + at::toString(dtype));
}

cudaStream_t stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

// A group of sends and receives that NCCL starts together, so that no pair of ranks waits for another pair. Empty
// tensors are skipped.
class Group {
 public:
  explicit Group(ncclComm_t comm) : comm_(comm) { check_nccl(ncclGroupStart(), "start a NCCL group"); }
  void send(const at::Tensor& x, int to) {
    if (x.numel() == 0) return;
    check_nccl(ncclSend(x.const_data_ptr(), x.nbytes(), ncclUint8, to, comm_, stream()),
               fmt::format("send a tensor to rank {}", to));
  }
  void receive(const at::Tensor& x, int from) {
    if (x.numel() == 0) return;
    check_nccl(ncclRecv(x.mutable_data_ptr(), x.nbytes(), ncclUint8, from, comm_, stream()),
               fmt::format("receive a tensor from rank {}", from));
  }
  void launch() { check_nccl(ncclGroupEnd(), "launch a NCCL group"); }

 private:
  ncclComm_t comm_;
};

class NcclCollectives final : public Collectives, public TellsPaths {
 public:
  NcclCollectives(const Comm& comm, at::Device device) : comm_(comm), device_(device), nccl_(comm), windows_(comm) {}

  Shard shard() const override { return comm_.shard(); }
  std::string sum_path() const override { return sums_ ? sums_->path() : ""; }
  std::string window_path() const override { return windows_.path("through NCCL"); }

 private:
  RowWindow* do_window(int number) override { return windows_.at(number); }
  void do_all_reduce_sum(at::Tensor& x) override { all_reduce_on(x, stream()); }
  void do_start_sum(at::Tensor x) override;
  SumTerms do_finish_sum() override;
  at::Tensor do_all_gather(const at::Tensor& x, std::int64_t dim) override;
  void do_all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from) override;
  void do_broadcast(at::Tensor& x, int root) override;
  std::pair<at::Tensor, at::Tensor> do_exchange_rows(const at::Tensor& up, const at::Tensor& down) override;
  std::vector<at::Tensor> do_gather_to_root(const at::Tensor& x) override;
  void all_reduce_on(at::Tensor& x, cudaStream_t stream) const;

  const Comm& comm_;
  at::Device device_;
  NcclComm nccl_;
  PeerWindows windows_;
  std::optional<SumsBehind> sums_;  // made by the first start_sum()
};

void NcclCollectives::do_start_sum(at::Tensor x) {
  require_turn();
  require_operand(x, device_);
  if (!sums_) sums_.emplace(comm_, [this](at::Tensor& sum, cudaStream_t stream) { all_reduce_on(sum, stream); });
  sums_->start(x);
  enqueue(std::move(x));
}

SumTerms NcclCollectives::do_finish_sum() {
  const at::Tensor x = dequeue();
  return {x, sums_->finish(x)};
}

void NcclCollectives::all_reduce_on(at::Tensor& x, cudaStream_t stream) const {
  require_operand(x, device_);
  check_nccl(ncclAllReduce(x.const_data_ptr(), x.mutable_data_ptr(), static_cast<std::size_t>(x.numel()),
                           nccl_type(x.scalar_type()), ncclSum, nccl_.get(), stream),
             "sum a tensor over ranks");
}

at::Tensor NcclCollectives::do_all_gather(const at::Tensor& x, std::int64_t dim) {
  require_operand(x, device_);
  const at::Tensor stacked = empty_stack(x, shard().size);
  check_nccl(
      ncclAllGather(x.const_data_ptr(), stacked.mutable_data_ptr(), x.nbytes(), ncclUint8, nccl_.get(), stream()),
      "gather a tensor from all ranks");
  return join_stacked(stacked, dim);
}

void NcclCollectives::do_all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from) {
  const auto [rank, size] = shard();
  for (const std::vector<at::Tensor>* shares : {&to, &from}) {
    for (const at::Tensor& share : *shares) require_operand(share, device_);
  }
  Group group(nccl_.get());
  for (int distance = 1; distance < size; ++distance) {
    const int before = (rank + size - distance) % size, behind = (rank + distance) % size;
    group.receive(from[static_cast<std::size_t>(before)], before);
    group.send(to[static_cast<std::size_t>(behind)], behind);
  }
  group.launch();
}

void NcclCollectives::do_broadcast(at::Tensor& x, int root) {
  require_operand(x, device_);
  void* data = x.mutable_data_ptr();
  check_nccl(ncclBroadcast(data, data, x.nbytes(), ncclUint8, root, nccl_.get(), stream()), "broadcast a tensor");
}

std::pair<at::Tensor, at::Tensor> NcclCollectives::do_exchange_rows(const at::Tensor& up, const at::Tensor& down) {
  require_operand(up, device_);
  require_operand(down, device_);
  const auto [rank, size] = shard();
  std::pair<at::Tensor, at::Tensor> received;
  if (rank > 0) received.first = at::empty_like(down);
  if (rank + 1 < size) received.second = at::empty_like(up);
  Group group(nccl_.get());
  if (rank > 0) {
    group.receive(received.first, rank - 1);
    group.send(up, rank - 1);
  }
  if (rank + 1 < size) {
    group.receive(received.second, rank + 1);
    group.send(down, rank + 1);
  }
  group.launch();
  return received;
}

std::vector<at::Tensor> NcclCollectives::do_gather_to_root(const at::Tensor& x) {
  require_operand(x, device_);
  const std::vector<std::int64_t> rows = comm_.gather_to_root(x.size(0));
  std::vector<at::Tensor> all;
  if (comm_.is_root()) all = empty_for_rows(x, rows);
  Group group(nccl_.get());
  if (!comm_.is_root()) group.send(x, 0);
  for (std::size_t rank = 1; rank < all.size(); ++rank) group.receive(all[rank], static_cast<int>(rank));
  group.launch();
  return all;
}

class SharedGpuCollectives final : public HostCollectives, public TellsPaths {
 public:
  SharedGpuCollectives(const Comm& comm, at::Device device)
      : HostCollectives(comm, device),
        sums_(
            comm, [this](at::Tensor& x, cudaStream_t stream) { all_reduce_on(x, stream); }, "through host memory"),
        windows_(comm) {}

  std::string sum_path() const override { return sums_.path(); }
  std::string window_path() const override { return windows_.path("through host memory"); }

 private:
  RowWindow* do_window(int number) override { return windows_.at(number); }
  void do_start_sum(at::Tensor x) override {
    require_turn();
    require_operand(x, device());
    sums_.start(x);
    enqueue(std::move(x));
  }
  SumTerms do_finish_sum() override {
    const at::Tensor x = dequeue();
    return {x, sums_.finish(x)};
  }
  void all_reduce_on(at::Tensor& x, cudaStream_t stream) {
    const c10::cuda::CUDAStreamGuard guard(c10::cuda::getStreamFromExternal(stream, device().index()));
    do_all_reduce_sum(x);
  }

  SumsBehind sums_;
  PeerWindows windows_;
};

}  // namespace

std::unique_ptr<Collectives> make_nccl_collectives(const Comm& comm, at::Device device) {
  return std::make_unique<NcclCollectives>(comm, device);
}

std::unique_ptr<Collectives> make_shared_gpu_collectives(const Comm& comm, at::Device device) {
  return std::make_unique<SharedGpuCollectives>(comm, device);
}

}  // namespace orrery
