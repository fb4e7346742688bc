#pragma once

#include <cublasLt.h>

#include <compare>
#include <cstdint>
#include <vector>

#include "models/kernels/scaled_rows.h"

namespace orrery {

// The properties of a product on which a plan depends. Strides in elements, alignments in bytes.
struct ProductShape {
  int device;
  bool float8;
  std::int64_t rows, in, out;
  std::int64_t x_stride, w_stride, y_stride;
  std::uint32_t x_alignment, w_alignment, y_alignment;
  auto operator<=>(const ProductShape&) const = default;
};

ProductShape shape_of(const at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

// One algorithm of cuBLASLt for one shape.
class ProductPlan {
 public:
  explicit ProductPlan(const ProductShape& shape);
  // cuBLASLt's suggestions for operands of this shape, its preferred one first. Throws Error when there is none.
  std::vector<ProductPlan> suggestions(const ScaledRows& x, const ScaledRows& w) const;
  // Queues the product on the current stream of y's device. Throws Error.
  void run(at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

 private:
  void point_at_scales(const ScaledRows& x, const ScaledRows& w);

  ProductShape shape_;
  cublasLtMatmulDescOpaque_t work_{};
  // Layouts for cuBLASLt, which is column-major: yᵀ = W xᵀ.
  cublasLtMatrixLayoutOpaque_t w_{}, x_{}, y_{};
  cublasLtMatmulAlgo_t algorithm_{};
  std::size_t workspace_ = 0;
};

// The fastest suggestion whose results have the same bits as the first one's, measured on these operands. Overwrites y
// and waits for the device.
ProductPlan fastest_plan(const ProductShape& shape, at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

}  // namespace orrery
