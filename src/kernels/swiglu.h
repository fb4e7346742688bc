#pragma once

#include <ATen/ATen.h>

namespace orrery {

// silu(gate) · up. gate_up: (rows, 2 · width), the gates first; returns (rows, width). On a GPU in bfloat16 one kernel.
at::Tensor swiglu(const at::Tensor& gate_up);

// The same by ATen's operations, on any device and in any dtype.
at::Tensor swiglu_aten(const at::Tensor& gate_up);

}  // namespace orrery
