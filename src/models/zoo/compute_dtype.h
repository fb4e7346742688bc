#pragma once

#include <ATen/ATen.h>

#include "models/zoo/model_options.h"

namespace orrery {

// What a model computes in on `device`.
inline at::ScalarType compute_dtype(Dtype dtype, at::Device device) {
  if (dtype == Dtype::Auto) return device.is_cuda() ? at::kBFloat16 : at::kFloat;
  return dtype == Dtype::Float32 ? at::kFloat : at::kBFloat16;
}

}  // namespace orrery
