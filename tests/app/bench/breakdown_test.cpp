#include "app/bench/breakdown.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/core/error.h"
#include "models/nn/phase.h"

namespace orrery {
namespace {

TEST(Kernels, OperatorsOfACpu) {
  const at::Tensor x = at::ones({64, 64});
  const std::vector<KernelTime> kernels = profile_kernels(at::kCPU, [&] {
    phase("products", [&] {
      for (int i = 0; i < 3; ++i) at::mm(x, x);
    });
    at::silu(x);
  });
  const auto find = [&](const std::string& name) {
    const auto found = std::find_if(kernels.begin(), kernels.end(), [&](const auto& k) { return k.name == name; });
    return found == kernels.end() ? KernelTime{} : *found;
  };
  EXPECT_EQ(find("aten::mm").calls, 3);
  EXPECT_GT(find("aten::mm").ms, 0);
  EXPECT_EQ(find("aten::silu").calls, 1);
  EXPECT_EQ(find("products").calls, 0);
  for (std::size_t i = 1; i < kernels.size(); ++i) EXPECT_GE(kernels[i - 1].ms, kernels[i].ms);
}

TEST(Kernels, ReadableNames) {
  struct Row {
    const char* name;
    const char* expected;
  };
  for (const Row& row : {
           Row{"aten::mm", "aten::mm"},
           Row{"nvjet_tst_256x128_64x4_1x2_h_bz_coopA_TNT", "nvjet_tst_256x128_64x4_1x2_h_bz_coopA_TNT"},
           Row{"Memcpy DtoH (Device -> Pinned)", "Memcpy DtoH (Device -> Pinned)"},
           Row{"void at::native::(anonymous namespace)::CatArrayBatchedCopy<c10::BFloat16, 3>(at::native::A<(int)4>*, "
               "int)",
               "CatArrayBatchedCopy<BFloat16, 3>"},
           Row{"void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<c10::BFloat16>, "
               "std::array<char*, 3ul> >(int, at::native::CUDAFunctor_add<c10::BFloat16>, std::array<char*, 3ul>)",
               "vectorized_elementwise_kernel<4, CUDAFunctor_add<BFloat16>, array<char*, 3ul> >"},
       }) {
    EXPECT_EQ(readable_kernel(row.name), row.expected);
  }
}

void pass(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

TEST(Phases, NobodyListens) {
  EXPECT_EQ(phase("alone", [] { return 3; }), 3);
}

TEST(Phases, TimesByNameAndWithoutWhatIsInside) {
  const DeviceClock clock(at::kCPU);
  const PhaseRecorder recorder(clock);
  const auto begin = clock.mark();
  for (int i = 0; i < 2; ++i) {
    phase("outer", [] {
      pass(10);
      phase("inner", [] { pass(20); });
    });
  }
  phase("last", [] { pass(1); });
  const auto end = clock.mark();
  const std::vector<PhaseTime> times = recorder.times();
  ASSERT_EQ(times.size(), 3U);
  EXPECT_EQ(times[0].name, "outer");
  EXPECT_EQ(times[1].name, "outer / inner");
  EXPECT_EQ(times[2].name, "last");
  EXPECT_EQ(times[0].calls, 2);
  EXPECT_EQ(times[1].calls, 2);
  EXPECT_EQ(times[2].calls, 1);
  EXPECT_GE(times[0].ms, 20);
  EXPECT_GE(times[1].ms, 40);
  EXPECT_GE(times[2].ms, 1);
  EXPECT_LE(times[0].ms + times[1].ms + times[2].ms, begin.ms_until(end));
}

TEST(Phases, OfTheRecordersLifetimeOnly) {
  const DeviceClock clock(at::kCPU);
  {
    const PhaseRecorder recorder(clock);
    EXPECT_THROW(PhaseRecorder{clock}, Error);
    phase("first", [] {});
    EXPECT_EQ(recorder.times().size(), 1U);
  }
  phase("between", [] {});
  const PhaseRecorder recorder(clock);
  EXPECT_TRUE(recorder.times().empty());
}

}  // namespace

}  // namespace orrery
