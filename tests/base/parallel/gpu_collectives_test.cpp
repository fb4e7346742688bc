// collectives_test.cpp on GPUs, over NCCL where each rank has its own, and what only the backends of GPUs promise.
// Without GPUs it fails.
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <gtest/gtest.h>

#include "base/parallel/rank_groups.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {

namespace {

TEST(GpuCollectives, QueuesOnTheCurrentStream) {
  const at::Device device = test_device();
  const auto group = make_collectives(mpi_world(), device);
  const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool(false, device.index());
  const c10::cuda::CUDAStreamGuard guard(stream);
  at::Tensor x = at::zeros({1 << 22}, device);
  for (int round = 0; round < 100; ++round) {  // a sum on another stream would overtake the additions
    x.add_(1);
    group->all_reduce_sum(x);
    x.div_(group->shard().size);
  }
  EXPECT_TRUE(x.eq(100).all().item<bool>());
}

}  // namespace
}  // namespace orrery
