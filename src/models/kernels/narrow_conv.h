#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace orrery {

// A 3×3×3 convolution to 12 channels of (1, C, T + 2, H + 2, W + 2), which is padded already: (1, 12, T, H, W),
// channels last. So few outputs fall off the libraries' fast kernels; this one reads its input about once, and
// multiplies on the tensor cores with sums in float32. For bfloat16 on GPUs of compute capability 8.0 or later that
// give a block 128 KB of shared memory (A100, H100 and their successors), C a multiple of 16, T a multiple of 4, pixels
// as packed_pixels() says. Anything else is at::conv3d's.
class NarrowConv {
 public:
  static constexpr std::int64_t kOutputs = 12;

  // weight (12, C, 3, 3, 3), bias (12). With any others, it takes nothing.
  NarrowConv(const at::Tensor& weight, const at::Tensor& bias);

  bool takes(const at::Tensor& x) const;
  // With the bias, rounded once. For an x that it takes.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;  // as narrow_weight has it; undefined: takes nothing
  at::Tensor bias_;
};

// weight (12, C, 3, 3, 3) in the order in which the tensor cores take it: (C / 16, 3 rows, 3 columns, 3 frames, 32
// lanes, 2, 2, 2), the last three being output / 8, channel / 8 % 2 and channel % 2, of which a lane has output % 8 =
// lane / 4 and channel % 8 / 2 = lane % 4. Outputs 12 to 15 are zeros.
at::Tensor narrow_weight(const at::Tensor& weight);

}  // namespace orrery
