#include "base/device/readback.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace orrery {

Readback::Readback(const at::Tensor& numbers) : host_(numbers) {
  if (numbers.is_cpu()) return;
  host_ = at::empty(numbers.sizes(), at::TensorOptions(at::kCPU).dtype(at::kFloat).pinned_memory(true));
  host_.copy_(numbers, /*non_blocking=*/true);
  const c10::impl::VirtualGuardImpl guard(numbers.device().type());
  arrived_.emplace(numbers.device().type());
  arrived_->record(guard.getStream(numbers.device()));
}

std::vector<float> Readback::wait() {
  if (arrived_) arrived_->synchronize();
  const float* values = host_.const_data_ptr<float>();
  return {values, values + host_.numel()};
}

}  // namespace orrery
