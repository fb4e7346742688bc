#pragma once

#include <ATen/ATen.h>

#include "models/kernels/gpu_launch.h"
#include "models/kernels/pixel_launch.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {

// Whether our kernels take `x`: bfloat16 on a GPU, and its first element and every row lie on 16-byte boundaries with
// no gap between neighbours of a row. x: (rows, width), at least one row.
bool packed_rows(const at::Tensor& x);

// Memory for `rows` float8 rows, not initialised.
ScaledRows empty_float8_rows(std::int64_t rows, std::int64_t width, at::Device device);

// Where a kernel writes float8 rows. `factor`: of all of them; 0: each its own.
Float8Out float8_out(const ScaledRows& rows, float factor);

// Whether our kernels take `x` (1, C, T, H, W): bfloat16 on a GPU, not empty, the channels of a pixel neighbours, and
// every pixel on a 16-byte boundary.
bool packed_pixels(const at::Tensor& x);

// View and sizes of a tensor that packed_pixels() accepts.
PixelView pixels_of(const at::Tensor& x);
PixelCount pixel_count(const at::Tensor& x);

}  // namespace orrery
