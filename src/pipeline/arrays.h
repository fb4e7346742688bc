#pragma once

#include <ATen/ATen.h>

#include "io/latents/latent_store.h"

namespace orrery {

// Convert between tensors on any device and the float32 arrays of latent files.
inline FloatArray to_array(const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU, at::kFloat).contiguous();
  const float* begin = host.const_data_ptr<float>();
  return {host.sizes().vec(), {begin, begin + host.numel()}};
}

inline at::Tensor to_tensor(const FloatArray& array) { return at::tensor(array.values, at::kFloat).view(array.shape); }

}  // namespace orrery
