#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "app/bench/bench.h"
#include "app/bench/breakdown.h"
#include "base/device/device_memory.h"
#include "models/nn/phase.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

// The functions that measurements use, on the CPU and on a GPU.
namespace orrery {
namespace {

class BenchDevice : public testing::Test {
 protected:
  at::Device device_ = test_device();
  at::Tensor x_ = at::randn({1024, 1024}, at::TensorOptions().device(device_));
};

TEST_F(BenchDevice, TimesWorkOnTheDevice) {
  const Timer timer(mpi_world(), device_, 4);
  const Spread product = timer.measure([&] { at::mm(x_, x_); });
  EXPECT_EQ(product.runs, 4);
  EXPECT_GT(product.min, 0);
  EXPECT_LE(product.min, product.median);
  const double ten = timer.once([&] { at::mm(x_, x_); }, 10);
  EXPECT_GT(ten, product.min);
}

TEST_F(BenchDevice, MeasuresMemory) {
  const Timer timer(mpi_world(), device_, 1);
  reset_peak_memory(device_);
  at::zeros({1 << 24}, x_.options());
  const auto most = timer.largest_memory();
  EXPECT_EQ(most.has_value(), device_.is_cuda());
  EXPECT_GE(most.value_or(std::int64_t{4} << 24), std::int64_t{4} << 24);
}

TEST_F(BenchDevice, PhasesAddUp) {
  const DeviceClock clock(device_);
  at::mm(x_, x_);  // the first call includes the library's initialization
  clock.wait();
  const PhaseRecorder recorder(clock);
  const auto begin = clock.mark();
  phase("all", [&] {
    for (int i = 0; i < 3; ++i) phase("product", [&] { at::mm(x_, x_); });
    phase("sum", [&] { x_.sum(); });
  });
  const auto end = clock.mark();
  double sum = 0;
  for (const PhaseTime& time : recorder.times()) {
    EXPECT_GE(time.ms, 0) << time.name;
    sum += time.ms;
  }
  EXPECT_GT(sum, 0);
  EXPECT_LE(sum, begin.ms_until(end) * 1.001);
}

TEST_F(BenchDevice, FindsTheKernels) {
  const auto kernels = profile_kernels(device_, [&] {
    for (int i = 0; i < 5; ++i) at::mm(x_, x_);
  });
  ASSERT_FALSE(kernels.empty());
  EXPECT_EQ(kernels.front().calls % 5, 0) << kernels.front().name;
  EXPECT_GT(kernels.front().ms, 0);
}

}  // namespace
}  // namespace orrery
