#include "kernels/swiglu.h"

#include <vector>

#include "kernels/gpu_launch.h"
#include "kernels/gpu_layout.h"

namespace orrery {

at::Tensor swiglu(const at::Tensor& gate_up) {
  const std::int64_t width = gate_up.size(1) / 2;
  if (!packed_rows(gate_up) || !gate_up.is_contiguous() || width % 8 != 0) return swiglu_aten(gate_up);
  at::Tensor out = at::empty({gate_up.size(0), width}, gate_up.options());
  launch({.gate_up = gate_up.const_data_ptr<at::BFloat16>(),
          .out = out.data_ptr<at::BFloat16>(),
          .rows = out.size(0),
          .width = width},
         out.get_device());
  return out;
}

at::Tensor swiglu_aten(const at::Tensor& gate_up) {
  const std::vector<at::Tensor> halves = gate_up.chunk(2, -1);
  return at::silu(halves[0]).mul_(halves[1]);
}

}  // namespace orrery
