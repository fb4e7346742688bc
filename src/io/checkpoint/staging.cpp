#include "io/checkpoint/staging.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace orrery {

StagingBuffer::StagingBuffer(std::int64_t bytes, bool pinned)
    : bytes_(at::empty({bytes}, at::TensorOptions(at::kByte).pinned_memory(pinned))) {}

void StagingBuffer::wait() {
  if (copied_) copied_->synchronize();
  copied_.reset();
}

// The current stream and no other: `into` may lie where work that is queued there still reads what was there before.
void StagingBuffer::copy_to(at::Tensor into, at::ScalarType dtype) {
  const auto size = static_cast<std::int64_t>(c10::elementSize(dtype));
  const at::Tensor stored = bytes_.narrow(0, 0, into.numel() * size).view(dtype);
  if (into.is_cpu()) {
    into.copy_(stored);
    return;
  }
  // Converted there: from one dtype to another LibTorch would copy through memory of its own, and wait.
  const at::Tensor moved = into.scalar_type() == dtype ? into : at::empty(into.sizes(), into.options().dtype(dtype));
  moved.copy_(stored, /*non_blocking=*/true);
  if (!moved.is_same(into)) into.copy_(moved);
  const c10::impl::VirtualGuardImpl device(into.device().type());
  copied_.emplace(into.device().type());
  copied_->record(device.getStream(into.device()));
}

StagingRing::StagingRing(std::size_t count, std::int64_t buffer_bytes, bool pinned) : pinned_(pinned) {
  buffers_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) buffers_.emplace_back(buffer_bytes, pinned);
}

StagingBuffer& StagingRing::next() {
  StagingBuffer& buffer = buffers_[next_];
  next_ = (next_ + 1) % buffers_.size();
  buffer.wait();
  return buffer;
}

}  // namespace orrery
