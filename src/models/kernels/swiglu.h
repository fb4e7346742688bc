#pragma once

#include <ATen/ATen.h>

#include "models/kernels/scaled_rows.h"

namespace orrery {

// silu(gate) · up. gate_up: (rows, 2 · width), the gates first; returns (rows, width). On a GPU in bfloat16 one kernel.
ScaledRows swiglu(const at::Tensor& gate_up, RowFormat format = RowFormat::Plain);

// swiglu() composed of ATen operations, on any device and in any dtype.
ScaledRows swiglu_aten(const at::Tensor& gate_up, RowFormat format = RowFormat::Plain);

}  // namespace orrery
