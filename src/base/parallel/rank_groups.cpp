#include "base/parallel/rank_groups.h"

#include <utility>
#include <vector>

#include "base/core/error.h"
#include "base/parallel/collective_backends.h"
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

}  // namespace

std::unique_ptr<Collectives> make_collectives(const Comm& comm, at::Device device) {
  if (comm.shard().size == 1) return std::make_unique<SoloCollectives>();
  if (device.is_cpu()) return make_mpi_collectives(comm);
  require(device.is_cuda(), "collectives run on CPU and CUDA devices, not on " + device.str());
  require(device.has_index(), "collectives on CUDA need the number of the GPU, as in cuda:0");
  return gpus_are_shared(comm, device) ? make_shared_gpu_collectives(comm, device)
                                       : make_nccl_collectives(comm, device);
}

RankGroups::RankGroups(const ProcessGrid& grid, at::Device device)
    : tp(make_collectives(grid.tp(), device)),
      sp(make_collectives(grid.sp(), device)),
      cfg(make_collectives(grid.cfg(), device)) {}

}  // namespace orrery
