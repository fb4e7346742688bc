#include "models/kernels/scaled_rows.h"

#include <vector>

#include "base/core/error.h"
#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_layout.h"

namespace orrery {
namespace {

bool takes(const at::Tensor& x) { return packed_rows(x) && x.is_contiguous() && x.size(1) <= kWidestRow; }

const at::BFloat16* begin_of(const at::Tensor& x) { return x.defined() ? x.const_data_ptr<at::BFloat16>() : nullptr; }

// Whether row width and stride are multiples of 16 bytes, as cuBLASLt requires.
bool regular(const at::Tensor& x) {
  constexpr std::int64_t kBytes = 16;
  return x.stride(1) == 1 && x.size(1) * x.element_size() % kBytes == 0 && x.stride(0) * x.element_size() % kBytes == 0;
}

bool fits(const at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  return y.is_cuda() && y.scalar_type() == at::kBFloat16 && x.data.size(0) > 0 && regular(y) && regular(x.data) &&
         regular(w.data);
}

}  // namespace

ScaledRows float8_rows(const at::Tensor& x, float factor) {
  if (!packed_rows(x) || !x.is_contiguous() || x.size(1) > kWidestRow) return float8_rows_aten(x, factor);
  ScaledRows rows = empty_float8_rows(x.size(0), x.size(1), x.device());
  launch(Float8Launch{.x = x.const_data_ptr<at::BFloat16>(),
                      .out = float8_out(rows, factor),
                      .rows = x.size(0),
                      .width = x.size(1)},
         x.get_device());
  return rows;
}

ScaledRows float8_rows_aten(const at::Tensor& x, float factor) {
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scale = factor > 0 ? at::full({x.size(0), 1}, factor, wide.options())
                                      : wide.abs().amax(1, /*keepdim=*/true) / kLargestFloat8;
  const at::Tensor divisor = scale.masked_fill(scale == 0, 1);
  return {(wide / divisor).clamp(-kLargestFloat8, kLargestFloat8).to(at::kFloat8_e4m3fn), scale.squeeze(1)};
}

at::Tensor plain_rows(const ScaledRows& x, at::ScalarType dtype) {
  // An in-place product of 16-bit numbers and float32 is computed in float32 without a float32 tensor.
  return x.scaled() ? x.data.to(dtype).mul_(x.scale.unsqueeze(1)) : x.data.to(dtype);
}

ScaledRows add_rms_norm(at::Tensor& x, const Delta& delta, const at::Tensor& weight, double eps,
                        const RowTarget& target) {
  const bool fits =
      takes(x) && (!delta.first.defined() || takes(delta.first)) && (!delta.more.defined() || takes(delta.more));
  if (!fits) return add_rms_norm_aten(x, delta, weight, eps, target);
  const bool plain = target.format == RowFormat::Plain;
  ScaledRows normed = plain ? ScaledRows{at::empty_like(x), {}} : empty_float8_rows(x.size(0), x.size(1), x.device());
  launch(AddRmsNormLaunch{.x = x.data_ptr<at::BFloat16>(),
                          .delta = begin_of(delta.first),
                          .more = begin_of(delta.more),
                          .weight = begin_of(weight),
                          .normed = plain ? normed.data.data_ptr<at::BFloat16>() : nullptr,
                          .float8 = plain ? Float8Out{} : float8_out(normed, target.factor),
                          .rows = x.size(0),
                          .width = x.size(1),
                          .eps = static_cast<float>(eps)},
         x.get_device());
  return normed;
}

ScaledRows add_rms_norm_aten(at::Tensor& x, const Delta& delta, const at::Tensor& weight, double eps,
                             const RowTarget& target) {
  if (delta.more.defined()) {
    x.add_(delta.first.to(at::kFloat).add_(delta.more));
  } else if (delta.first.defined()) {
    x.add_(delta.first);
  }
  const at::Tensor normed = at::rms_norm(x, {x.size(-1)}, weight, eps);
  return target.format == RowFormat::Plain ? ScaledRows{normed, {}} : float8_rows_aten(normed, target.factor);
}

ScaledRows activate(MlpKind kind, const at::Tensor& x, const RowTarget& target) {
  const std::int64_t rows = x.size(0), width = x.size(1) / mlp_inputs(kind);
  const bool plain = target.format == RowFormat::Plain;
  const bool fits = packed_rows(x) && x.is_contiguous() && width % 8 == 0;
  if (!fits || (!plain && width > kWidestRow)) return activate_aten(kind, x, target);
  ScaledRows out =
      plain ? ScaledRows{at::empty({rows, width}, x.options()), {}} : empty_float8_rows(rows, width, x.device());
  launch(ActivationLaunch{.kind = kind,
                          .in = x.const_data_ptr<at::BFloat16>(),
                          .out = plain ? out.data.data_ptr<at::BFloat16>() : nullptr,
                          .float8 = plain ? Float8Out{} : float8_out(out, target.factor),
                          .rows = rows,
                          .width = width},
         x.get_device());
  return out;
}

ScaledRows activate_aten(MlpKind kind, const at::Tensor& x, const RowTarget& target) {
  at::Tensor out;
  if (kind == MlpKind::SwiGlu) {
    const std::vector<at::Tensor> halves = x.chunk(2, -1);
    out = at::silu(halves[0]).mul_(halves[1]);
  } else {
    out = at::relu(x).square_();
  }
  return target.format == RowFormat::Plain ? ScaledRows{out, {}} : float8_rows_aten(out, target.factor);
}

at::Tensor whole_fours(const at::Tensor& x) {
  constexpr std::int64_t kFour = 4, kManyRows = 12;
  const std::int64_t rows = x.size(0), rest = rows % kFour;
  return !x.is_cpu() || rows >= kManyRows || rest == 0 ? x : at::constant_pad_nd(x, {0, 0, 0, kFour - rest});
}

void product(at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  require(x.scaled() == w.scaled(), "a product needs both factors in the same format");
  if (!fits(y, x, w)) return product_aten(y, x, w);
  gpu_product(y, x, w);
}

void product_aten(at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  const at::Tensor rows = whole_fours(x.scaled() ? x.data.to(at::kFloat) : x.data);
  if (!x.scaled() && rows.size(0) == y.size(0)) {
    at::mm_out(y, rows, w.data.t());
    return;
  }
  at::Tensor sums = at::mm(rows, w.data.to(rows.scalar_type()).t()).narrow(0, 0, y.size(0));
  if (x.scaled()) sums.mul_(x.scale.unsqueeze(1)).mul_(w.scale);
  y.copy_(sums);
}

}  // namespace orrery
