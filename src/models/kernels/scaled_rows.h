#pragma once

#include <ATen/ATen.h>

#include "base/core/choice.h"
#include "models/kernels/mlp_kind.h"

namespace orrery {

// The number format of a matrix's rows.
enum class RowFormat {
  Plain,   // in the activation dtype
  Float8,  // float8_e4m3fn, with a factor for each row
};

constexpr auto choices(RowFormat) {
  return std::array{Choice<RowFormat>{"bf16", RowFormat::Plain}, Choice<RowFormat>{"fp8", RowFormat::Float8}};
}

// The format in which rows are to be stored.
struct RowTarget {
  RowTarget(RowFormat of_rows = RowFormat::Plain, float of_all = 0) : format(of_rows), factor(of_all) {}

  RowFormat format;
  // The factor of all float8 rows, which clamps numbers to ±448 · factor; 0: one computed for each row.
  float factor;
};

// A matrix whose element (i, j) is data(i, j) · scale(i). Plain rows have no scale.
struct ScaledRows {
  at::Tensor data;   // (rows, width)
  at::Tensor scale;  // (rows) float32, or undefined

  bool scaled() const { return scale.defined(); }
};

// The largest finite float8_e4m3fn number.
inline constexpr double kLargestFloat8 = 448;

// Divides each row by `factor`, or by its largest magnitude / 448 when `factor` is 0, and rounds to nearest. A row of
// zeros stays zero. x: (rows, width). On a GPU, bfloat16 takes one kernel.
ScaledRows float8_rows(const at::Tensor& x, float factor = 0);

// float8_rows() made of ATen operations, for any device and dtype.
ScaledRows float8_rows_aten(const at::Tensor& x, float factor = 0);

// The values of the rows, each rounded once: (rows, width) in `dtype`, which must represent float8 exactly.
at::Tensor plain_rows(const ScaledRows& x, at::ScalarType dtype);

// The sum first + more, which is added to a residual stream. Each has the stream's shape or is undefined; `more` is
// only defined together with `first`.
struct Delta {
  at::Tensor first;
  at::Tensor more;
};

// x += delta in place, then returns x / sqrt(mean(x²) + eps) · weight over the last dimension, accumulated in float32.
// x and result: (rows, width). On a GPU, bfloat16 takes one kernel that reads and writes each row once.
ScaledRows add_rms_norm(at::Tensor& x, const Delta& delta, const at::Tensor& weight, double eps,
                        const RowTarget& target = {});

// add_rms_norm() made of ATen operations, for any device and dtype.
ScaledRows add_rms_norm_aten(at::Tensor& x, const Delta& delta, const at::Tensor& weight, double eps,
                             const RowTarget& target = {});

// The activation that an MLP computes between its products. x: (rows, mlp_inputs(kind) · width), gates before their
// factors; result: (rows, width). On a GPU, bfloat16 takes one kernel.
ScaledRows activate(MlpKind kind, const at::Tensor& x, const RowTarget& target = {});

// activate() made of ATen operations, for any device and dtype.
ScaledRows activate_aten(MlpKind kind, const at::Tensor& x, const RowTarget& target = {});

// Returns `x` (rows, width); on a CPU, pads it with zero rows to a multiple of 4 if it has fewer than 12 rows. MKL
// would sum the last of these in another order than the rows of a long sequence; padded, products have the same bits
// however the rows of a sequence are split over ranks.
at::Tensor whole_fours(const at::Tensor& x);

// y = x Wᵀ. x: (rows, in); w: (out, in), in the same format as x; y: (rows, out) in the activation dtype, rows of any
// stride. On a GPU, bfloat16 and float8 products use cuBLASLt with the fastest algorithm for these sizes on this
// device. The first product of a size measures it and waits for the device; later ones do not. Only algorithms that
// give the same bits as cuBLASLt's own choice are considered, so the measurement never changes a result.
void product(at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

// product() made of ATen operations, for any device and dtype.
void product_aten(at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

// product() on a GPU; sizes and strides must be multiples of 16 bytes. Throws Error when cuBLASLt fails, and in a
// program built without CUDA. Not thread-safe.
void gpu_product(at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

}  // namespace orrery
