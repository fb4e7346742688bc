#include "models/kernels/scaled_rows.h"

#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_layout.h"

namespace orrery {

ScaledRows float8_rows(const at::Tensor& x) {
  if (!packed_rows(x) || !x.is_contiguous() || x.size(1) > kWidestRow) return float8_rows_aten(x);
  ScaledRows rows = empty_float8_rows(x.size(0), x.size(1), x.device());
  launch(
      Float8Launch{
          .x = x.const_data_ptr<at::BFloat16>(), .out = float8_out(rows), .rows = x.size(0), .width = x.size(1)},
      x.get_device());
  return rows;
}

ScaledRows float8_rows_aten(const at::Tensor& x) {
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scale = wide.abs().amax(1, /*keepdim=*/true) / kLargestFloat8;
  const at::Tensor divisor = scale.masked_fill(scale == 0, 1);
  return {(wide / divisor).clamp(-kLargestFloat8, kLargestFloat8).to(at::kFloat8_e4m3fn), scale.squeeze(1)};
}

at::Tensor plain_rows(const ScaledRows& x, at::ScalarType dtype) {
  return x.scaled() ? x.data.to(at::kFloat).mul_(x.scale.unsqueeze(1)).to(dtype) : x.data.to(dtype);
}

}  // namespace orrery
