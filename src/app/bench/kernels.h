#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace orrery {

// All launches of one kernel.
struct KernelTime {
  std::string name;  // as the compiler made it; on a CPU the operator's
  std::int64_t calls = 0;
  double ms = 0;
};

// Runs `work` under LibTorch's profiler. Returns every kernel of the device, the longest total first; on a CPU every
// operator, without the time of the operators that it calls. Empty where the driver allows no profiling.
std::vector<KernelTime> profile_kernels(at::Device device, const std::function<void()>& work);

// A C++ kernel's name without return type, arguments and the namespaces that all kernels share.
std::string readable_kernel(const std::string& name);

}  // namespace orrery
