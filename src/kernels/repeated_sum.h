#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace orrery {

// Which of the cells that one place of a growing video becomes: `time` frames of 2 × 2 pixels, and of a clip's first
// frames, when `first`, only the last of each `time`.
struct GrownCell {
  std::int64_t time = 1;
  bool first = false;
  std::int64_t row = 0;
  std::int64_t column = 0;
};

// out = y + bias + x repeated: the shortcut of a growing block (MODEL.md §6) at one row and column of every cell.
// y, out: (1, C, T', H, W), T' = T · time (T when `first`, with T = 1); x: (1, X, T, H, W), whose channels, each
// repeated C · time · 4 / X times, are laid out as channel × time × row × column. bias: (C), or undefined. On a GPU in
// bfloat16, where the channels of a pixel are neighbours, one kernel.
void add_repeated(const at::Tensor& y, const at::Tensor& bias, const at::Tensor& x, const GrownCell& cell,
                  const at::Tensor& out);

// The same by ATen's operations, on any device and in any dtype.
void add_repeated_aten(const at::Tensor& y, const at::Tensor& bias, const at::Tensor& x, const GrownCell& cell,
                       const at::Tensor& out);

}  // namespace orrery
