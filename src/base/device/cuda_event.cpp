#include "base/device/cuda_event.h"

#include "base/core/error.h"

namespace orrery {

void check_cuda(cudaError_t code, std::string_view what, std::source_location at) {
  if (code != cudaSuccess) fail(what, cudaGetErrorString(code), at);
}

CudaEvent::CudaEvent() {
  cudaEvent_t event = nullptr;
  check_cuda(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "make an event");
  event_.reset(event);
}

void CudaEvent::record(cudaStream_t stream) { check_cuda(cudaEventRecord(event_.get(), stream), "record an event"); }

void CudaEvent::hold(cudaStream_t stream) const {
  check_cuda(cudaStreamWaitEvent(stream, event_.get()), "let a stream wait for another");
}

}  // namespace orrery
