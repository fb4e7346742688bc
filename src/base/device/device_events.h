#pragma once

#include <ATen/ATen.h>
#include <c10/core/Device.h>
#include <c10/core/Event.h>

#include <chrono>
#include <optional>
#include <vector>

namespace orrery {

// Times work where it happens: by events of the current stream on a GPU, by the host's clock on a CPU.
class DeviceClock {
 public:
  class Mark {
   public:
    // Whether the device has reached the mark; on a CPU always. Does not wait.
    bool passed() const { return !event_ || event_->query(); }
    // Milliseconds from this mark to `later`. Both must have passed.
    double ms_until(const Mark& later) const;

   private:
    friend class DeviceClock;
    std::optional<c10::Event> event_;
    std::chrono::steady_clock::time_point time_;
  };

  explicit DeviceClock(c10::Device device) : device_(device) {}

  c10::Device device() const { return device_; }
  // Marks this point of the stream. Does not wait.
  Mark mark() const;
  // Waits until all work of the device is done.
  void wait() const;

 private:
  c10::Device device_;
};

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
