#pragma once

#include <cuda_runtime_api.h>

#include <source_location>
#include <string_view>

#include "base/core/handle.h"

namespace orrery {

// Throws Error "WHAT: CUDA's own words (file:line)" unless `code` is cudaSuccess.
void check_cuda(cudaError_t code, std::string_view what, std::source_location at = std::source_location::current());

struct CudaEventTraits {
  using type = cudaEvent_t;
  static type null() noexcept { return nullptr; }
  static void close(type event) noexcept { cudaEventDestroy(event); }
};

enum class EventUse { Order, Timing };

// An event of CUDA: a point in one stream. Errors throw Error.
class CudaEvent {
 public:
  explicit CudaEvent(EventUse use = EventUse::Order);
  void record(cudaStream_t stream);
  // Makes `stream` wait for the recorded point; has no effect when nothing was recorded. The host does not wait.
  void hold(cudaStream_t stream) const;
  // Milliseconds from `begin` to this point; waits for this point. Both events are of EventUse::Timing.
  float ms_since(const CudaEvent& begin) const;

 private:
  UniqueHandle<CudaEventTraits> event_;
};

}  // namespace orrery
