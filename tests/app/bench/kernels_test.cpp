#include "app/bench/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>

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

}  // namespace
}  // namespace orrery
