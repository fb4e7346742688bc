#pragma once

#include <ATen/ATen.h>

#include "base/core/choice.h"

namespace orrery {

// How the rows of a matrix are stored.
enum class RowFormat {
  Plain,   // in the activation dtype
  Float8,  // float8_e4m3fn, with a factor a row
};

constexpr auto choices(RowFormat) {
  return std::array{Choice<RowFormat>{"bf16", RowFormat::Plain}, Choice<RowFormat>{"fp8", RowFormat::Float8}};
}

// A matrix: element (i, j) is data(i, j) · scale(i). Plain rows have no scale.
struct ScaledRows {
  at::Tensor data;   // (rows, width)
  at::Tensor scale;  // (rows) float32, or undefined

  bool scaled() const { return scale.defined(); }
};

// The largest finite float8_e4m3fn.
inline constexpr double kLargestFloat8 = 448;

// Each row divided by its largest magnitude / 448, rounded to nearest; a row of zeros stays one. x: (rows, width).
// On a GPU in bfloat16 one kernel.
ScaledRows float8_rows(const at::Tensor& x);

// float8_rows() composed of ATen operations, on any device and in any dtype.
ScaledRows float8_rows_aten(const at::Tensor& x);

// (rows, width) in `dtype`.
at::Tensor plain_rows(const ScaledRows& x, at::ScalarType dtype);

}  // namespace orrery
