#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>

#include <optional>
#include <vector>

namespace orrery {

// A few numbers on their way from a device to the host.
class Readback {
 public:
  // `numbers`: (n) float32. Queues the copy behind the work so far; waits for nothing.
  explicit Readback(const at::Tensor& numbers);
  // Waits until the device has got there: what was queued later goes on meanwhile.
  std::vector<float> wait();

 private:
  at::Tensor host_;
  std::optional<c10::Event> arrived_;  // none on a CPU
};

}  // namespace orrery
