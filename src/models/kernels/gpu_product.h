#pragma once

#include "models/kernels/scaled_rows.h"

namespace orrery {

// product() on a GPU; sizes and strides in multiples of 16 bytes. Throws Error when cuBLASLt refuses, and in a program
// built without CUDA. For one thread of the process at a time.
void gpu_product(at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

}  // namespace orrery
