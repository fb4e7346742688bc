#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>

#include <cstddef>
#include <optional>
#include <vector>

namespace orrery {

// Host memory between a file and a device.
class StagingBuffer {
 public:
  StagingBuffer(std::int64_t bytes, bool pinned);

  std::byte* data() { return static_cast<std::byte*>(bytes_.mutable_data_ptr()); }
  // Waits until the device has finished the last copy from this buffer.
  void wait();
  // Copies the buffer's first numbers, of `dtype`, to `into`, as many as it has, and converts them. The copy of pinned
  // memory is queued on the device's current stream; other memory is copied at once.
  void copy_to(at::Tensor into, at::ScalarType dtype);

 private:
  at::Tensor bytes_;
  std::optional<c10::Event> copied_;
};

// Buffers that are used cyclically.
class StagingRing {
 public:
  StagingRing(std::size_t count, std::int64_t buffer_bytes, bool pinned);

  bool pinned() const { return pinned_; }
  std::size_t count() const { return buffers_.size(); }
  // The one that has not been used for the longest time.
  StagingBuffer& next();

 private:
  bool pinned_;
  std::vector<StagingBuffer> buffers_;
  std::size_t next_ = 0;
};

}  // namespace orrery
