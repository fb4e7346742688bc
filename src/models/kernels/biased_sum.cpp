#include "models/kernels/biased_sum.h"

#include "models/kernels/gpu_layout.h"

namespace orrery {

void add_biased(at::Tensor& x, const at::Tensor& bias, const at::Tensor& residual) {
  if (!packed_pixels(x) || !packed_pixels(residual)) return add_biased_aten(x, bias, residual);
  launch(BiasedSumLaunch{.x = pixels_of(x),
                         .bias = bias.defined() ? bias.const_data_ptr<at::BFloat16>() : nullptr,
                         .residual = pixels_of(residual),
                         .size = pixel_count(x)},
         x.get_device());
}

void add_biased_aten(at::Tensor& x, const at::Tensor& bias, const at::Tensor& residual) {
  if (bias.defined()) x.add_(bias.view({-1, 1, 1, 1}));
  x.add_(residual);
}

}  // namespace orrery
