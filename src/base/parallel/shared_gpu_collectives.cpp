#include "base/parallel/shared_gpu_collectives.h"

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <string>
#include <utility>

#include "base/parallel/host_collectives.h"
#include "base/parallel/operand.h"
#include "base/parallel/sum_path.h"
#include "base/parallel/sums_behind.h"

namespace orrery {
namespace {

class SharedGpuCollectives final : public HostCollectives, public TellsSumPath {
 public:
  SharedGpuCollectives(const Comm& comm, at::Device device)
      : HostCollectives(comm, device),
        sums_(
            comm, [this](at::Tensor& x, cudaStream_t stream) { all_reduce_on(x, stream); }, "through host memory") {}

  void start_sum(at::Tensor x) override {
    require_turn();
    require_operand(x, device());
    sums_.start(x);
    enqueue(std::move(x));
  }
  SumTerms finish_sum() override {
    const at::Tensor x = dequeue();
    return {x, sums_.finish(x)};
  }
  std::string sum_path() const override { return sums_.path(); }

 private:
  void all_reduce_on(at::Tensor& x, cudaStream_t stream) {
    const c10::cuda::CUDAStreamGuard guard(c10::cuda::getStreamFromExternal(stream, device().index()));
    all_reduce_sum(x);
  }

  SumsBehind sums_;
};

}  // namespace

std::unique_ptr<Collectives> make_shared_gpu_collectives(const Comm& comm, at::Device device) {
  return std::make_unique<SharedGpuCollectives>(comm, device);
}

}  // namespace orrery
