#pragma once

#include "models/kernels/scaled_rows.h"

namespace orrery {

// y = x Wᵀ. x: (rows, in); w: (out, in), of the same format as x; y: (rows, out) in the activation dtype, its rows of
// any stride. On a GPU in bfloat16 or float8 the product is cuBLASLt's, by the algorithm that was fastest for these
// sizes on this device when they were first met: that call waits for the device, later ones do not. Only algorithms
// that gave the same bits as cuBLASLt's own choice take part, so the choice never shows in a result.
void product(at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

// product() composed of ATen operations, on any device and in any dtype.
void product_aten(at::Tensor& y, const ScaledRows& x, const ScaledRows& w);

}  // namespace orrery
