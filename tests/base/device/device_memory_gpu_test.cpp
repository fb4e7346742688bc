// The memory of a GPU, as it is told. Without GPUs it fails.
#include <c10/cuda/CUDACachingAllocator.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/device/device_memory.h"
#include "base/parallel/comm.h"
#include "support/test_device.h"

namespace orrery {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr double kBlock = 4096;  // the allocator rounds a tensor up to some blocks

at::Tensor bytes(std::int64_t count) { return at::empty({count}, at::TensorOptions(test_device()).dtype(at::kByte)); }

TEST(DeviceMemory, PeakIsWhatTensorsHeld) {
  const at::Tensor kept = bytes(8 * kMiB);
  reset_peak_memory(test_device());
  const std::int64_t before = peak_memory(test_device()).value();
  EXPECT_GE(before, 8 * kMiB);
  bytes(64 * kMiB);
  EXPECT_NEAR(static_cast<double>(peak_memory(test_device()).value() - before), 64.0 * kMiB, kBlock);
  reset_peak_memory(test_device());
  EXPECT_NEAR(static_cast<double>(peak_memory(test_device()).value()), static_cast<double>(before), kBlock);
}

TEST(DeviceMemory, WhatTheAllocatorHoldsUnusedIsFree) {
  const std::int64_t before = free_memory(test_device()).value();
  EXPECT_TRUE(can_allocate(test_device(), 512 * kMiB));
  EXPECT_GE(free_memory(test_device()).value(), before - 64 * kMiB);
  const at::Tensor held = bytes(512 * kMiB);
  EXPECT_LE(free_memory(test_device()).value(), before - 448 * kMiB);
}

// The allocator's question must not keep the GPU's memory from those who do not ask it.
TEST(DeviceMemory, AQuestionTakesNothingFromOthers) {
  release_unused_memory(test_device());
  const auto reserved = [] {
    return c10::cuda::CUDACachingAllocator::getDeviceStats(test_device().index()).reserved_bytes[0].current;
  };
  const std::int64_t before = reserved();
  EXPECT_TRUE(can_allocate(test_device(), 512 * kMiB));
  EXPECT_EQ(reserved(), before);
}

TEST(DeviceMemory, WhatIsFreeIsDividedAmongThoseWhoShare) {
  release_unused_memory(test_device());
  const auto alone = static_cast<double>(free_memory(test_device()).value());
  EXPECT_NEAR(static_cast<double>(free_memory(test_device(), 4).value()), alone / 4, 4.0 * kMiB);
}

TEST(DeviceMemory, TooMuchIsRefusedAndLeavesTheRest) {
  const std::int64_t free = free_memory(test_device()).value();
  EXPECT_FALSE(can_allocate(test_device(), free + 1024 * kMiB));
  EXPECT_TRUE(can_allocate(test_device(), free / 2));
}

TEST(DeviceMemory, LibTorchsErrorBecomesOneLine) {
  try {
    bytes(std::int64_t{1} << 44);
    FAIL() << "16 TiB were given";
  } catch (const std::exception& e) {
    EXPECT_THAT(message_of(e), testing::MatchesRegex("out of GPU memory: Tried to allocate .* is free. To need less, "
                                                     "use [^\n]*"));
  }
  finish_work(test_device());
}

}  // namespace
}  // namespace orrery
