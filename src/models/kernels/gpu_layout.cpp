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

Float8Out float8_out(const ScaledRows& rows, float factor) {
  return {static_cast<std::uint8_t*>(rows.data.mutable_data_ptr()), rows.scale.data_ptr<float>(), factor};
}

bool packed_pixels(const at::Tensor& x) {
  constexpr std::int64_t kPack = 8;
  constexpr std::uintptr_t kBytes = 16;
  if (!x.is_cuda() || x.scalar_type() != at::kBFloat16 || x.dim() != 5 || x.numel() == 0 || x.numel() > kMostElements)
    return false;
  const bool neighbours = x.size(0) == 1 && x.stride(1) == 1 && x.size(1) % kPack == 0;
  const bool aligned = x.stride(2) % kPack == 0 && x.stride(3) % kPack == 0 && x.stride(4) % kPack == 0 &&
                       reinterpret_cast<std::uintptr_t>(x.const_data_ptr()) % kBytes == 0;
  return neighbours && aligned;
}

PixelView pixels_of(const at::Tensor& x) { return {x.data_ptr<at::BFloat16>(), x.stride(2), x.stride(3), x.stride(4)}; }

PixelCount pixel_count(const at::Tensor& x) {
  const auto size = [&](int dim) { return static_cast<unsigned>(x.size(dim)); };
  return {size(2), size(3), size(4), size(1)};
}

}  // namespace orrery
