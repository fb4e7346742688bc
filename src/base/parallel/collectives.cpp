#include "base/parallel/collectives.h"

#include "base/core/error.h"
#include "base/parallel/collective_backends.h"
#include "base/parallel/comm.h"
#include "base/parallel/device.h"

namespace orrery {
namespace {

// A group of one has nobody to talk to.
class SoloCollectives final : public Collectives {
 public:
  Shard shard() const override { return {}; }
  void all_reduce_sum(at::Tensor&) override {}
  at::Tensor all_gather(const at::Tensor& x, std::int64_t) override { return x; }
  void broadcast(at::Tensor&, int) override {}
  std::pair<at::Tensor, at::Tensor> exchange_rows(const at::Tensor&, const at::Tensor&) override { return {}; }
  std::vector<at::Tensor> gather_to_root(const at::Tensor& x) override { return {x}; }
};

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

void Collectives::start_sum(at::Tensor x) {
  require_turn();
  all_reduce_sum(x);
  enqueue(std::move(x));
}

SumTerms Collectives::finish_sum() { return {dequeue(), {}}; }

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
