#include "models/kernels/gpu_layout.h"

#include <cstdint>

namespace orrery {

bool packed_rows(const at::Tensor& x) {
  constexpr std::int64_t kPack = 8;
  constexpr std::uintptr_t kBytes = 16;
  return x.is_cuda() && x.scalar_type() == at::kBFloat16 && x.dim() == 2 && x.size(0) > 0 && x.stride(1) == 1 &&
         x.size(1) % kPack == 0 && x.stride(0) % kPack == 0 &&
         reinterpret_cast<std::uintptr_t>(x.const_data_ptr()) % kBytes == 0;
}

ScaledRows empty_float8_rows(std::int64_t rows, std::int64_t width, at::Device device) {
  const at::TensorOptions options(device);
  return {at::empty({rows, width}, options.dtype(at::kFloat8_e4m3fn)), at::empty({rows}, options.dtype(at::kFloat))};
}

Float8Out float8_out(const ScaledRows& rows) {
  return {static_cast<std::uint8_t*>(rows.data.mutable_data_ptr()), rows.scale.data_ptr<float>()};
}

}  // namespace orrery
