#include "models/kernels/pixel_sums.h"

#include "models/kernels/gpu_layout.h"

namespace orrery {
namespace {

std::int64_t repeats(const at::Tensor& y, const at::Tensor& x, const GrownRow& grown) {
  return y.size(1) * grown.time * 4 / x.size(1);
}

// The channels of x that are added at `column` in frame `f` of the output cell, one for each channel of y.
at::Tensor channels_for(const at::Tensor& y, const at::Tensor& x, const GrownRow& grown, std::int64_t f,
                        std::int64_t column) {
  const std::int64_t place = (f * 2 + grown.row) * 2 + column;
  const std::int64_t in = x.size(1), out = y.size(1);
  if (in % out == 0) return x.slice(1, place / repeats(y, x, grown), c10::nullopt, in / out);
  const at::Tensor channels = at::arange(out, x.options().dtype(at::kLong));
  return x.index_select(1, (channels * (grown.time * 4) + place).floor_divide(repeats(y, x, grown)));
}

}  // namespace

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

void add_repeated(const ColumnPair& y, const at::Tensor& bias, const at::Tensor& x, const GrownRow& grown,
                  const at::Tensor& out) {
  const bool fits = packed_pixels(y[0]) && packed_pixels(y[1]) && packed_pixels(x) && packed_pixels(out);
  if (!fits) return add_repeated_aten(y, bias, x, grown, out);
  launch(RepeatedSumLaunch{.y = {pixels_of(y[0]), pixels_of(y[1])},
                           .bias = bias.defined() ? bias.const_data_ptr<at::BFloat16>() : nullptr,
                           .x = pixels_of(x),
                           .out = pixels_of(out),
                           .size = pixel_count(y[0]),
                           .time = static_cast<unsigned>(grown.time),
                           .skipped = static_cast<unsigned>(grown.first ? grown.time - 1 : 0),
                           .row = static_cast<unsigned>(grown.row),
                           .repeats = static_cast<unsigned>(repeats(y[0], x, grown))},
         x.get_device());
}

void add_repeated_aten(const ColumnPair& y, const at::Tensor& bias, const at::Tensor& x, const GrownRow& grown,
                       const at::Tensor& out) {
  for (std::int64_t column = 0; column < std::ssize(y); ++column) {
    const at::Tensor& part = y[static_cast<std::size_t>(column)];
    for (std::int64_t f = grown.first ? grown.time - 1 : 0; f < grown.time; ++f) {
      const std::int64_t begin = grown.first ? 0 : f, step = grown.first ? 1 : grown.time;
      at::Tensor sum = out.slice(2, begin, c10::nullopt, step).slice(4, column, c10::nullopt, 2);
      at::add_out(sum, part.slice(2, begin, c10::nullopt, step), channels_for(part, x, grown, f, column));
      if (bias.defined()) sum.add_(bias.view({-1, 1, 1, 1}));
    }
  }
}

}  // namespace orrery
