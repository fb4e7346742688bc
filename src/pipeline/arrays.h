#pragma once

#include <ATen/ATen.h>

#include "io/latents/array.h"

namespace orrery {

// Between tensors of any device and the float32 arrays of latent files.
FloatArray to_array(const at::Tensor& tensor);
at::Tensor to_tensor(const FloatArray& array);

}  // namespace orrery
