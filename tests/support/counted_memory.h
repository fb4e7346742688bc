#pragma once

#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

namespace orrery {

// While it lives, counts the bytes of the tensors that this thread makes on a device: what they ask for, not the
// blocks, up to a megabyte larger, that a GPU's allocator hands out. Tensors made before don't count, nor does what a
// convolution takes for itself and gives back: each library has its own ways.
class CountedMemory {
 public:
  explicit CountedMemory(c10::Device device)
      : counter_(std::make_shared<Counter>(device)),
        callback_(at::addThreadLocalCallback(at::RecordFunctionCallback(on_start, on_end))) {}
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;
  ~CountedMemory() { at::removeCallback(callback_); }

  // Bytes held at most.
  std::int64_t peak() const { return counter_->peak; }

 private:
  struct Counter : c10::MemoryReportingInfoBase {
    explicit Counter(c10::Device counted) : device(counted), before(asked_for()) {}
    void reportMemoryUsage(void*, std::int64_t change, std::size_t, std::size_t, c10::Device of) override {
      if (of != device) return;
      held = device.is_cpu() ? held + change : asked_for() - before;
      if (convolutions == 0) peak = std::max(peak, held);
    }
    bool memoryProfilingEnabled() const override { return true; }
    std::int64_t asked_for() const {
      if (device.is_cpu()) return 0;
      constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
      return at::getDeviceAllocator(device.type())->getDeviceStats(device.index()).requested_bytes[kAll].current;
    }

    c10::Device device;
    std::int64_t before;
    std::int64_t held = 0;
    std::int64_t peak = 0;
    int convolutions = 0;  // one inside another
  };

  static bool is_convolution(const at::RecordFunction& function) {
    return std::string_view(function.name()).find("conv") != std::string_view::npos;
  }
  static Counter& counter() {
    return *static_cast<Counter*>(c10::ThreadLocalDebugInfo::get(c10::DebugInfoKind::PROFILER_STATE));
  }
  static std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& function) {
    if (is_convolution(function)) ++counter().convolutions;
    return nullptr;
  }
  static void on_end(const at::RecordFunction& function, at::ObserverContext*) {
    if (!is_convolution(function)) return;
    Counter& now = counter();
    if (--now.convolutions == 0) now.peak = std::max(now.peak, now.held);
  }

  std::shared_ptr<Counter> counter_;
  c10::DebugInfoGuard guard_{c10::DebugInfoKind::PROFILER_STATE, counter_};
  at::CallbackHandle callback_;
};

}  // namespace orrery
