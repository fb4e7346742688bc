#include "models/kernels/product.h"

#include "base/core/error.h"
#include "models/kernels/gpu_product.h"

namespace orrery {
namespace {

// cuBLASLt wants 16 bytes in a row's width and stride.
bool regular(const at::Tensor& x) {
  constexpr std::int64_t kBytes = 16;
  return x.stride(1) == 1 && x.size(1) * x.element_size() % kBytes == 0 && x.stride(0) * x.element_size() % kBytes == 0;
}

bool fits(const at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  return y.is_cuda() && y.scalar_type() == at::kBFloat16 && x.data.size(0) > 0 && regular(y) && regular(x.data) &&
         regular(w.data);
}

}  // namespace

void product(at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  require(x.scaled() == w.scaled(), "a product needs both factors in the same format");
  if (!fits(y, x, w)) return product_aten(y, x, w);
  gpu_product(y, x, w);
}

void product_aten(at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  if (!x.scaled()) {
    at::mm_out(y, x.data, w.data.t());
    return;
  }
  const at::Tensor sums = at::mm(x.data.to(at::kFloat), w.data.to(at::kFloat).t());
  y.copy_(sums.mul_(x.scale.unsqueeze(1)).mul_(w.scale));
}

}  // namespace orrery
