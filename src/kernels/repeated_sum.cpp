#include "kernels/repeated_sum.h"

#include "kernels/pixel_layout.h"

namespace orrery {
namespace {

std::int64_t repeats(const at::Tensor& y, const at::Tensor& x, const GrownCell& cell) {
  return y.size(1) * cell.time * 4 / x.size(1);
}

// The channels of x that frame `f` of the cell shows: one for each of y's.
at::Tensor channels_for(const at::Tensor& y, const at::Tensor& x, const GrownCell& cell, std::int64_t f) {
  const std::int64_t place = (f * 2 + cell.row) * 2 + cell.column;
  const std::int64_t in = x.size(1), out = y.size(1);
  if (in % out == 0) return x.slice(1, place / repeats(y, x, cell), c10::nullopt, in / out);
  const at::Tensor channels = at::arange(out, x.options().dtype(at::kLong));
  return x.index_select(1, (channels * (cell.time * 4) + place).floor_divide(repeats(y, x, cell)));
}

}  // namespace

void add_repeated(const at::Tensor& y, const at::Tensor& bias, const at::Tensor& x, const GrownCell& cell,
                  const at::Tensor& out) {
  if (!packed_pixels(y) || !packed_pixels(x) || !packed_pixels(out)) return add_repeated_aten(y, bias, x, cell, out);
  launch(RepeatedSumLaunch{.y = pixels_of(y),
                           .bias = bias.defined() ? bias.const_data_ptr<at::BFloat16>() : nullptr,
                           .x = pixels_of(x),
                           .out = pixels_of(out),
                           .size = pixel_count(out),
                           .time = static_cast<unsigned>(cell.time),
                           .skipped = static_cast<unsigned>(cell.first ? cell.time - 1 : 0),
                           .place = static_cast<unsigned>(cell.row * 2 + cell.column),
                           .repeats = static_cast<unsigned>(repeats(y, x, cell))},
         y.get_device());
}

void add_repeated_aten(const at::Tensor& y, const at::Tensor& bias, const at::Tensor& x, const GrownCell& cell,
                       const at::Tensor& out) {
  for (std::int64_t f = cell.first ? cell.time - 1 : 0; f < cell.time; ++f) {
    const std::int64_t begin = cell.first ? 0 : f, step = cell.first ? 1 : cell.time;
    at::Tensor sum = out.slice(2, begin, c10::nullopt, step);
    at::add_out(sum, y.slice(2, begin, c10::nullopt, step), channels_for(y, x, cell, f));
    if (bias.defined()) sum.add_(bias.view({-1, 1, 1, 1}));
  }
}

}  // namespace orrery
