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

// A point in one stream that another waits for; the host never does.
class CudaEvent {
 public:
  CudaEvent();
  void record(cudaStream_t stream);
  void hold(cudaStream_t stream) const;  // until the recorded point; at once when nothing was recorded

 private:
  UniqueHandle<CudaEventTraits> event_;
};

}  // namespace orrery
