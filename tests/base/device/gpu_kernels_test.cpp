// LibTorch's kernels for GPUs, on a machine that need not have one.
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <gtest/gtest.h>

#include "base/device/gpu.h"

namespace orrery {
namespace {

bool adds_on_gpus() {
  return c10::Dispatcher::singleton()
      .findSchemaOrThrow("aten::add", "Tensor")
      .hasKernelForDispatchKey(c10::DispatchKey::CUDA);
}

TEST(GpuKernels, AreThereOnceTheyAreAskedFor) {
  EXPECT_FALSE(adds_on_gpus()) << "what stays on the CPU has to do without their library";
  load_gpu_kernels();
  EXPECT_TRUE(adds_on_gpus());
  EXPECT_GE(at::detail::getCUDAHooks().versionCUDART(), 12'000) << "LibTorch's own way to its CUDA part";
  load_gpu_kernels();
}

// Its tensors on the CPU, made before, stay what they are.
TEST(GpuKernels, LeaveTheCpuAsItIs) {
  const at::Tensor before = at::arange(4, at::kFloat);
  load_gpu_kernels();
  EXPECT_EQ((before + before).sum().item<float>(), 12);
}

}  // namespace
}  // namespace orrery
