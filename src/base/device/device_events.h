#pragma once

#include <ATen/ATen.h>
#include <c10/core/Device.h>
#include <c10/core/Event.h>

#include <chrono>
#include <optional>
#include <vector>

namespace orrery {

// Times work of a device: by events of the current stream on a GPU, by the host's clock on a CPU.
class DeviceClock {
 public:
  class Mark {
   public:
    // Whether the device has reached the mark; always true on a CPU. Does not wait.
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
  // Records a mark at this point of the current stream. Does not wait.
  Mark mark() const;
  // Waits until all work of the device is done.
  void wait() const;

 private:
  c10::Device device_;
};

// A few numbers on their way from a device to the host.
class Readback {
 public:
  // `numbers`: (n) float32. Queues the copy behind the work of the current stream so far; does not wait.
  explicit Readback(const at::Tensor& numbers);
  // Waits until the copy has arrived, but not for work that was queued later.
  std::vector<float> wait();

 private:
  at::Tensor host_;
  std::optional<c10::Event> arrived_;  // none on a CPU
};

}  // namespace orrery
