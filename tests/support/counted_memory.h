#pragma once

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace orrery {

// While it lives, counts the bytes of the tensors that this thread makes on any device. Tensors made before don't
// count.
class CountedMemory {
 public:
  // Bytes held at most.
  std::int64_t peak() const { return counter_->peak; }

 private:
  struct Counter : c10::MemoryReportingInfoBase {
    void reportMemoryUsage(void*, std::int64_t change, std::size_t, std::size_t, c10::Device) override {
      held += change;
      peak = std::max(peak, held);
    }
    bool memoryProfilingEnabled() const override { return true; }
    std::int64_t held = 0;
    std::int64_t peak = 0;
  };

  std::shared_ptr<Counter> counter_ = std::make_shared<Counter>();
  c10::DebugInfoGuard guard_{c10::DebugInfoKind::PROFILER_STATE, counter_};
};

}  // namespace orrery
