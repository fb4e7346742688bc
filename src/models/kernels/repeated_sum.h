#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>

namespace orrery {

// A row of the cells that the places of a growing video become: `time` frames of 2 × 2 pixels, and of a clip's first
// frames, when `first`, only the last of each `time`.
struct GrownRow {
  std::int64_t time = 1;
  bool first = false;
  std::int64_t row = 0;
};

// What the left and the right columns of every cell's row get; same sizes.
using ColumnPair = std::array<at::Tensor, 2>;

// out = y + bias + x repeated: the shortcut of a growing block (MODEL.md §6) at one row of every cell.
// y: twice (1, C, T', H, W), T' = T · time (T when `first`, with T = 1); out: (1, C, T', H, 2 · W), the columns of both
// in turn; x: (1, X, T, H, W), whose channels, each repeated C · time · 4 / X times, are laid out as channel × time ×
// row × column. bias: (C), or undefined. On a GPU in bfloat16, where the channels of a pixel are neighbours, one kernel
// that reads x once for both columns.
void add_repeated(const ColumnPair& y, const at::Tensor& bias, const at::Tensor& x, const GrownRow& grown,
                  const at::Tensor& out);

// The same by ATen's operations, on any device and in any dtype.
void add_repeated_aten(const ColumnPair& y, const at::Tensor& bias, const at::Tensor& x, const GrownRow& grown,
                       const at::Tensor& out);

}  // namespace orrery
