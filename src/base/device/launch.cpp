#include "base/device/launch.h"

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "base/device/cuda_event.h"

namespace orrery {

void launch_on(int device, std::string_view what, void (*start)(const void* context, cudaStream_t stream),
               const void* context) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
  start(context, c10::cuda::getCurrentCUDAStream().stream());
  check_cuda(cudaGetLastError(), what);
}

}  // namespace orrery
