#pragma once

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <string_view>

#include "base/core/error.h"

namespace orrery {

// Queues one kernel on `device`'s current stream: `start(stream)` launches it. Throws Error when that fails.
template <class Start>
void launch_on(int device, std::string_view what, const Start& start) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
  start(c10::cuda::getCurrentCUDAStream().stream());
  const cudaError_t code = cudaGetLastError();
  if (code != cudaSuccess) fail(what, cudaGetErrorString(code));
}

}  // namespace orrery
