#pragma once

#include <cuda_runtime_api.h>

#include <string_view>

namespace orrery {

// Calls start(context, stream), which launches a kernel, with `device`'s current stream of LibTorch, while `device` is
// the current GPU. Throws Error "WHAT: CUDA's own words" when the launch fails.
void launch_on(int device, std::string_view what, void (*start)(const void* context, cudaStream_t stream),
               const void* context);

// Calls start(stream) in the same way. LibTorch's headers stay out of sight here, since nvcc takes half a minute for
// them.
template <class Start>
void launch_on(int device, std::string_view what, const Start& start) {
  const auto call = [](const void* context, cudaStream_t stream) { (*static_cast<const Start*>(context))(stream); };
  launch_on(device, what, call, &start);
}

}  // namespace orrery
