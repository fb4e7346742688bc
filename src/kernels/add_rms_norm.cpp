#include "kernels/add_rms_norm.h"

#include "kernels/gpu_launch.h"
#include "kernels/gpu_layout.h"

namespace orrery {

at::Tensor add_rms_norm(at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps) {
  const bool fits = packed_rows(x) && (!delta.defined() || packed_rows(delta)) && x.size(-1) <= kWidestNorm;
  if (!fits) return add_rms_norm_aten(x, delta, weight, eps);
  at::Tensor normed = at::empty_like(x);
  launch({.x = x.data_ptr<at::BFloat16>(),
          .delta = delta.defined() ? delta.const_data_ptr<at::BFloat16>() : nullptr,
          .weight = weight.const_data_ptr<at::BFloat16>(),
          .normed = normed.data_ptr<at::BFloat16>(),
          .rows = x.size(0),
          .width = x.size(1),
          .eps = static_cast<float>(eps)},
         x.get_device());
  return normed;
}

at::Tensor add_rms_norm_aten(at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps) {
  if (delta.defined()) x.add_(delta);
  return at::rms_norm(x, {x.size(-1)}, weight, eps);
}

}  // namespace orrery
