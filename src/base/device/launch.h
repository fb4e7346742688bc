#pragma once

#include <cuda_runtime_api.h>

#include <string_view>

namespace orrery {

// Makes `device` the current GPU and calls start(context, stream), which launches a kernel on LibTorch's current stream
// of that GPU. Throws Error "WHAT: CUDA's own words" when the launch fails.
void launch_on(int device, std::string_view what, void (*start)(const void* context, cudaStream_t stream),
               const void* context);

// Makes `device` the current GPU and calls start(stream), which launches a kernel. This header includes no header of
// LibTorch, since nvcc takes half a minute to compile them.
template <class Start>
void launch_on(int device, std::string_view what, const Start& start) {
  const auto call = [](const void* context, cudaStream_t stream) { (*static_cast<const Start*>(context))(stream); };
  launch_on(device, what, call, &start);
}

}  // namespace orrery
