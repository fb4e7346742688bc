#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace orrery {

// A 3×3×3 convolution to 12 channels: from the padded input (1, C, T + 2, H + 2, W + 2) to (1, 12, T, H, W), channels
// last. The libraries have no fast kernels for so few outputs. This one reads its input about once, and multiplies on
// the tensor cores with float32 sums. It supports bfloat16 on GPUs of compute capability 8.0 or later with 128 KB of
// shared memory for a block (A100, H100 and later), C a multiple of 16, T a multiple of 4, and inputs that
// packed_pixels() accepts; at::conv3d must be used for anything else.
class NarrowConv {
 public:
  static constexpr std::int64_t kOutputs = 12;

  // weight (12, C, 3, 3, 3), bias (12). With other shapes, takes() is always false.
  NarrowConv(const at::Tensor& weight, const at::Tensor& bias);

  // Whether this kernel supports `x`.
  bool takes(const at::Tensor& x) const;
  // The convolution plus bias, rounded once. Needs takes(x).
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;  // as narrow_weight() returns it; undefined: takes() is false
  at::Tensor bias_;
};

// Reorders weight (12, C, 3, 3, 3) for the tensor cores: (C / 16, 3 rows, 3 columns, 3 frames, 32 lanes, 2, 2, 2),
// where the last three are output / 8, channel / 8 % 2 and channel % 2, and a lane has output % 8 = lane / 4 and
// channel % 8 / 2 = lane % 4. Outputs 12 to 15 are zeros.
at::Tensor narrow_weight(const at::Tensor& weight);

}  // namespace orrery
