#include "kernels/gpu_layout.h"

#include <cstdint>

namespace orrery {

bool packed_rows(const at::Tensor& x) {
  constexpr std::int64_t kPack = 8;
  constexpr std::uintptr_t kBytes = 16;
  return x.is_cuda() && x.scalar_type() == at::kBFloat16 && x.dim() == 2 && x.size(0) > 0 && x.stride(1) == 1 &&
         x.size(1) % kPack == 0 && x.stride(0) % kPack == 0 &&
         reinterpret_cast<std::uintptr_t>(x.const_data_ptr()) % kBytes == 0;
}

}  // namespace orrery
