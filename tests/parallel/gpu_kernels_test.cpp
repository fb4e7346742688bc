// LibTorch's kernels for GPUs, on a machine that need not have one.
#include <ATen/core/dispatch/Dispatcher.h>
#include <gtest/gtest.h>

#include "parallel/gpu.h"

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
  load_gpu_kernels();
}

}  // namespace
}  // namespace orrery
