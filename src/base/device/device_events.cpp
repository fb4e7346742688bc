#include "base/device/device_events.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include "base/device/device_memory.h"

namespace orrery {

double DeviceClock::Mark::ms_until(const Mark& later) const {
  if (event_) return event_->elapsedTime(*later.event_);
  return std::chrono::duration<double, std::milli>(later.time_ - time_).count();
}

DeviceClock::Mark DeviceClock::mark() const {
  Mark mark;
  if (device_.is_cpu()) {
    mark.time_ = std::chrono::steady_clock::now();
    return mark;
  }
  const c10::impl::VirtualGuardImpl guard(device_.type());
  mark.event_.emplace(device_.type(), c10::EventFlag::BACKEND_DEFAULT);  // events of PYTORCH_DEFAULT cannot be timed
  mark.event_->record(guard.getStream(device_));
  return mark;
}

void DeviceClock::wait() const { finish_work(device_); }

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
