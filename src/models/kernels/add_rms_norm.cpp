#include "models/kernels/add_rms_norm.h"

#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_layout.h"

namespace orrery {
namespace {

bool takes(const at::Tensor& x) { return packed_rows(x) && x.is_contiguous() && x.size(1) <= kWidestRow; }

const at::BFloat16* begin_of(const at::Tensor& x) { return x.defined() ? x.const_data_ptr<at::BFloat16>() : nullptr; }

}  // namespace

ScaledRows add_rms_norm(at::Tensor& x, const Delta& delta, const at::Tensor& weight, double eps, RowFormat format) {
  const bool fits =
      takes(x) && (!delta.first.defined() || takes(delta.first)) && (!delta.more.defined() || takes(delta.more));
  if (!fits) return add_rms_norm_aten(x, delta, weight, eps, format);
  const bool plain = format == RowFormat::Plain;
  ScaledRows normed = plain ? ScaledRows{at::empty_like(x), {}} : empty_float8_rows(x.size(0), x.size(1), x.device());
  launch(AddRmsNormLaunch{.x = x.data_ptr<at::BFloat16>(),
                          .delta = begin_of(delta.first),
                          .more = begin_of(delta.more),
                          .weight = begin_of(weight),
                          .normed = plain ? normed.data.data_ptr<at::BFloat16>() : nullptr,
                          .float8 = plain ? Float8Out{} : float8_out(normed),
                          .rows = x.size(0),
                          .width = x.size(1),
                          .eps = static_cast<float>(eps)},
         x.get_device());
  return normed;
}

ScaledRows add_rms_norm_aten(at::Tensor& x, const Delta& delta, const at::Tensor& weight, double eps,
                             RowFormat format) {
  if (delta.more.defined()) {
    x.add_(delta.first.to(at::kFloat).add_(delta.more));
  } else if (delta.first.defined()) {
    x.add_(delta.first);
  }
  const at::Tensor normed = at::rms_norm(x, {x.size(-1)}, weight, eps);
  return format == RowFormat::Plain ? ScaledRows{normed, {}} : float8_rows_aten(normed);
}

}  // namespace orrery
