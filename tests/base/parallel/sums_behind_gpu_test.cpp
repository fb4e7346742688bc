// Two ranks that exchange the terms of sums through each other's GPU memory; also where both share one GPU.
#include <c10/cuda/CUDAGuard.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/core/error.h"
#include "base/device/gpu.h"
#include "base/parallel/sums_behind.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

class PairTest : public testing::Test {
 protected:
  PairTest() { use_gpu(device_.index()); }

  int rank_ = mpi_world().shard().rank;
  at::Device device_{at::kCUDA, static_cast<c10::DeviceIndex>(rank_ % count_gpus().count)};
};

TEST_F(PairTest, ReachEachOthersMemory) {
  std::string problem;
  EXPECT_NE(PeerMemory::make(mpi_world(), 1 << 20, problem), nullptr);
  EXPECT_EQ(problem, "");
}

// More than any GPU has: the sums go on, and say which way.
TEST_F(PairTest, SayWhyThereIsNoPeerMemory) {
  std::string problem;
  EXPECT_EQ(PeerMemory::make(mpi_world(), std::int64_t{1} << 46, problem), nullptr);
  EXPECT_NE(problem.find("memory"), std::string::npos) << problem;
}

TEST_F(PairTest, LeaveEachOthersMemoryAloneOnRequest) {
  ::setenv("ORRERY_PEER_MEMORY", "0", 1);
  std::string problem;
  EXPECT_EQ(PeerMemory::make(mpi_world(), 1 << 20, problem), nullptr);
  ::unsetenv("ORRERY_PEER_MEMORY");
  EXPECT_EQ(problem, "ORRERY_PEER_MEMORY=0");
}

// Sizes grow, and every buffer is used again and again while the streams run ahead of the host.
TEST_F(PairTest, TermsArriveWholeAndInTurn) {
  SumsBehind sums(mpi_world(), [](at::Tensor&, cudaStream_t) { fail("sum with NCCL", "peers were to exchange"); });
  for (const std::int64_t rows : {1, 100, 5000}) {
    at::Tensor wrong = at::zeros({}, at::TensorOptions(device_).dtype(at::kLong));
    for (int round = 0; round < 200; ++round) {
      const auto share = [&](int rank, int part) {
        return at::full({rows, 512}, 1000.0 * rank + 2.0 * (round % 100) + part, at::TensorOptions(device_));
      };
      at::Tensor first = share(rank_, 0), second = share(rank_, 1);
      sums.start(first);
      sums.start(second);
      wrong += sums.finish(first).ne(share(1 - rank_, 0)).sum();
      wrong += sums.finish(second).ne(share(1 - rank_, 1)).sum();
    }
    EXPECT_EQ(wrong.item<std::int64_t>(), 0) << rows << " rows";
  }
}

TEST_F(PairTest, OneSumAtATimeGoesAsWell) {
  SumsBehind sums(mpi_world(), [](at::Tensor&, cudaStream_t) { fail("sum with NCCL", "peers were to exchange"); });
  for (int round = 0; round < 50; ++round) {
    at::Tensor own = at::full({64, 64}, rank_ + 10.0 * round, at::TensorOptions(device_));
    sums.start(own);
    EXPECT_EQ(sums.finish(own).mean().item<double>(), 1 - rank_ + 10.0 * round);
  }
}

}  // namespace
}  // namespace orrery
