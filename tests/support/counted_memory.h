#pragma once

#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

namespace orrery {

// While it lives, counts the bytes of the tensors that this thread makes on any device. Tensors made before don't
// count, nor does what a convolution takes for itself and gives back: each library has its own ways.
class CountedMemory {
 public:
  CountedMemory() : callback_(at::addThreadLocalCallback(at::RecordFunctionCallback(on_start, on_end))) {}
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;
  ~CountedMemory() { at::removeCallback(callback_); }

  // Bytes held at most.
  std::int64_t peak() const { return counter_->peak; }

 private:
  struct Counter : c10::MemoryReportingInfoBase {
    void reportMemoryUsage(void*, std::int64_t change, std::size_t, std::size_t, c10::Device) override {
      held += change;
      if (convolutions == 0) peak = std::max(peak, held);
    }
    bool memoryProfilingEnabled() const override { return true; }
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

  std::shared_ptr<Counter> counter_ = std::make_shared<Counter>();
  c10::DebugInfoGuard guard_{c10::DebugInfoKind::PROFILER_STATE, counter_};
  at::CallbackHandle callback_;
};

}  // namespace orrery
