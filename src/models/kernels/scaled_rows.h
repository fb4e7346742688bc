#pragma once

#include <ATen/ATen.h>

#include "base/core/choice.h"
#include "models/kernels/mlp_kind.h"

namespace orrery {

// How the rows of a matrix are stored.
enum class RowFormat {
  Plain,   // in the activation dtype
  Float8,  // float8_e4m3fn, with a factor a row
};

constexpr auto choices(RowFormat) {
  return std::array{Choice<RowFormat>{"bf16", RowFormat::Plain}, Choice<RowFormat>{"fp8", RowFormat::Float8}};
}

// How rows are to be stored.
struct RowTarget {
  RowTarget(RowFormat of_rows = RowFormat::Plain, float of_all = 0) : format(of_rows), factor(of_all) {}

  RowFormat format;
  // Of float8 rows: one for all rows, whatever is in them: numbers beyond 448 · factor become that. 0: each row's own.
  float factor;
};

// A matrix: element (i, j) is data(i, j) · scale(i). Plain rows have no scale.
struct ScaledRows {
  at::Tensor data;   // (rows, width)
  at::Tensor scale;  // (rows) float32, or undefined

  bool scaled() const { return scale.defined(); }
};

// The largest finite float8_e4m3fn.
inline constexpr double kLargestFloat8 = 448;

// Each row divided by `factor` or, where that is 0, by its largest magnitude / 448, rounded to nearest; a row of zeros
// stays one. x: (rows, width). On a GPU in bfloat16 one kernel.
ScaledRows float8_rows(const at::Tensor& x, float factor = 0);

// float8_rows() composed of ATen operations, on any device and in any dtype.
ScaledRows float8_rows_aten(const at::Tensor& x, float factor = 0);

// The numbers that the rows stand for, each rounded once: (rows, width) in `dtype`, which holds float8 exactly.
at::Tensor plain_rows(const ScaledRows& x, at::ScalarType dtype);

// What is added to a residual stream: the sum of both, each of the stream's shape or undefined; `more` only beside
// `first`.
struct Delta {
  at::Tensor first;
  at::Tensor more;
};

// x += delta, then x / sqrt(mean(x²) + eps) · weight over the last dimension, accumulated in float32. x: (rows, width),
// changed in place. Returns (rows, width). On a GPU in bfloat16 one kernel reads and writes each row once.
ScaledRows add_rms_norm(at::Tensor& x, const Delta& delta, const at::Tensor& weight, double eps,
                        const RowTarget& target = {});

// add_rms_norm() composed of ATen operations, on any device and in any dtype.
ScaledRows add_rms_norm_aten(at::Tensor& x, const Delta& delta, const at::Tensor& weight, double eps,
                             const RowTarget& target = {});

// What an MLP computes between its products. x: (rows, mlp_inputs(kind) · width), gates before what they are multiplied
// by; returns (rows, width). On a GPU in bfloat16 one kernel.
ScaledRows activate(MlpKind kind, const at::Tensor& x, const RowTarget& target = {});

// activate() composed of ATen operations, on any device and in any dtype.
ScaledRows activate_aten(MlpKind kind, const at::Tensor& x, const RowTarget& target = {});

// `x`, on a CPU with rows of zeros added where it has fewer than 12 rows and not a multiple of 4: MKL would sum the
// last of these in another order than rows of a long sequence. Products of the result have the same bits however the
// rows of a sequence are shared out. x: (rows, width).
at::Tensor whole_fours(const at::Tensor& x);

// y = x Wᵀ. x: (rows, in); w: (out, in), of the same format as x; y: (rows, out) in the activation dtype, its rows of
// any stride. On a GPU in bfloat16 or float8 the product is cuBLASLt's, by the algorithm that was fastest for these
// sizes on this device when they were first met: that call waits for the device, later ones do not. Only algorithms
// that gave the same bits as cuBLASLt's own choice take part, so the choice never shows in a result.
void product(at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

// product() composed of ATen operations, on any device and in any dtype.
void product_aten(at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

// product() on a GPU; sizes and strides in multiples of 16 bytes. Throws Error when cuBLASLt refuses, and in a program
// built without CUDA. For one thread of the process at a time.
void gpu_product(at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

}  // namespace orrery
