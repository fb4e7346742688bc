#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>

#include <optional>

namespace orrery {

// Brings frames from the device to the host through pinned memory, one step behind: the host never waits for the frames
// that the device is still at.
class FrameDownload {
 public:
  // Starts to bring `frames`, and gives, on the host, what the call before brought; undefined the first time. With
  // undefined frames nothing is started. What it gave is valid until the next call.
  at::Tensor next(const at::Tensor& frames);

 private:
  struct Transfer {
    at::Tensor host;
    std::optional<c10::Event> done;  // none on a CPU
  };
  Transfer start(const at::Tensor& frames);

  std::optional<Transfer> under_way_;
  at::Tensor spare_;  // pinned memory to use again
};

}  // namespace orrery
