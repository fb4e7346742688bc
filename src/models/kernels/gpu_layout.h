#pragma once

#include <ATen/ATen.h>

#include "models/kernels/gpu_launch.h"
#include "models/kernels/pixel_launch.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {

// Whether the kernels here support `x` (rows, width): bfloat16 on a GPU, at least one row, every row contiguous and
// aligned to 16 bytes.
bool packed_rows(const at::Tensor& x);

// Uninitialized memory for `rows` float8 rows.
ScaledRows empty_float8_rows(std::int64_t rows, std::int64_t width, at::Device device);

// The pointers with which a kernel writes float8 rows. `factor` is that of all rows; 0: one computed for each row.
Float8Out float8_out(const ScaledRows& rows, float factor);

// Whether the kernels here support `x` (1, C, T, H, W): bfloat16 on a GPU, not empty, channels last, every pixel
// aligned to 16 bytes.
bool packed_pixels(const at::Tensor& x);

// The view and the sizes of a tensor that packed_pixels() accepts.
PixelView pixels_of(const at::Tensor& x);
PixelCount pixel_count(const at::Tensor& x);

}  // namespace orrery
