#pragma once

#include <c10/core/Device.h>
#include <c10/core/Event.h>

#include <chrono>
#include <optional>

namespace orrery {

// Times work where it happens: by events of the current stream on a GPU, by the host's clock on a CPU.
class DeviceClock {
 public:
  class Mark {
   public:
    // Whether the device has got there; on a CPU it always has. Waits for nothing.
    bool passed() const { return !event_ || event_->query(); }
    // Milliseconds until `later`, once both have passed.
    double ms_until(const Mark& later) const;

   private:
    friend class DeviceClock;
    std::optional<c10::Event> event_;
    std::chrono::steady_clock::time_point time_;
  };

  explicit DeviceClock(c10::Device device) : device_(device) {}

  c10::Device device() const { return device_; }
  // This point of the stream; waits for nothing.
  Mark mark() const;
  // Until all work of the device is done.
  void wait() const;

 private:
  c10::Device device_;
};

}  // namespace orrery
