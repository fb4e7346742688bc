#include "models/kernels/swiglu.h"

#include <vector>

#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_layout.h"

namespace orrery {

ScaledRows swiglu(const at::Tensor& gate_up, RowFormat format) {
  const std::int64_t rows = gate_up.size(0), width = gate_up.size(1) / 2;
  const bool plain = format == RowFormat::Plain;
  const bool fits = packed_rows(gate_up) && gate_up.is_contiguous() && width % 8 == 0;
  if (!fits || (!plain && width > kWidestRow)) return swiglu_aten(gate_up, format);
  ScaledRows out = plain ? ScaledRows{at::empty({rows, width}, gate_up.options()), {}}
                         : empty_float8_rows(rows, width, gate_up.device());
  launch(SwiGluLaunch{.gate_up = gate_up.const_data_ptr<at::BFloat16>(),
                      .out = plain ? out.data.data_ptr<at::BFloat16>() : nullptr,
                      .float8 = plain ? Float8Out{} : float8_out(out),
                      .rows = rows,
                      .width = width},
         gate_up.get_device());
  return out;
}

ScaledRows swiglu_aten(const at::Tensor& gate_up, RowFormat format) {
  const std::vector<at::Tensor> halves = gate_up.chunk(2, -1);
  const at::Tensor out = at::silu(halves[0]).mul_(halves[1]);
  return format == RowFormat::Plain ? ScaledRows{out, {}} : float8_rows_aten(out);
}

}  // namespace orrery
