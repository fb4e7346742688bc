#include "pipeline/arrays.h"

namespace orrery {

FloatArray to_array(const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU, at::kFloat).contiguous();
  const float* begin = host.const_data_ptr<float>();
  return {host.sizes().vec(), {begin, begin + host.numel()}};
}

at::Tensor to_tensor(const FloatArray& array) { return at::tensor(array.values, at::kFloat).view(array.shape); }

}  // namespace orrery
