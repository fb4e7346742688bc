#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>

namespace orrery {

// x += bias + residual, in place. x, residual: (1, C, T, H, W); bias: (C), or undefined. On a GPU, channels-last
// bfloat16 takes one kernel.
void add_biased(at::Tensor& x, const at::Tensor& bias, const at::Tensor& residual);

// add_biased() made of ATen operations, for any device and dtype.
void add_biased_aten(at::Tensor& x, const at::Tensor& bias, const at::Tensor& residual);

// One output row of the pixel-shuffle shortcut: each input pixel becomes `time` frames of 2 × 2 pixels. `first`: for a
// clip's first latent frame, only the last of the `time` frames is made.
struct GrownRow {
  std::int64_t time = 1;
  bool first = false;
  std::int64_t row = 0;
};

// Values of the left and the right output columns of every input pixel, of equal shapes.
using ColumnPair = std::array<at::Tensor, 2>;

// out = y + bias + x repeated: the pixel-shuffle shortcut of an up block (MODEL.md §6) at one of the two output rows.
// y: two tensors (1, C, T', H, W), T' = T · time (T when `first`, with T = 1); out: (1, C, T', H, 2 · W), left and
// right columns alternating; x: (1, X, T, H, W), whose channels, each repeated C · time · 4 / X times, are ordered as
// channel × time × row × column. bias: (C), or undefined. On a GPU, channels-last bfloat16 takes one kernel that reads
// x once for both columns.
void add_repeated(const ColumnPair& y, const at::Tensor& bias, const at::Tensor& x, const GrownRow& grown,
                  const at::Tensor& out);

// add_repeated() made of ATen operations, for any device and dtype.
void add_repeated_aten(const ColumnPair& y, const at::Tensor& bias, const at::Tensor& x, const GrownRow& grown,
                       const at::Tensor& out);

}  // namespace orrery
