#include "base/device/cuda_event.h"

#include "base/core/error.h"

namespace orrery {

void check_cuda(cudaError_t code, std::string_view what, std::source_location at) {
  if (code != cudaSuccess) fail(what, cudaGetErrorString(code), at);
}

CudaEvent::CudaEvent(EventUse use) {
  cudaEvent_t event = nullptr;
  const unsigned flags = use == EventUse::Timing ? cudaEventDefault : cudaEventDisableTiming;
  check_cuda(cudaEventCreateWithFlags(&event, flags), "make an event");
  event_.reset(event);
}

void CudaEvent::record(cudaStream_t stream) { check_cuda(cudaEventRecord(event_.get(), stream), "record an event"); }

void CudaEvent::hold(cudaStream_t stream) const {
  check_cuda(cudaStreamWaitEvent(stream, event_.get()), "let a stream wait for another");
}

float CudaEvent::ms_since(const CudaEvent& begin) const {
  float ms = 0;
  check_cuda(cudaEventSynchronize(event_.get()), "wait for an event");
  check_cuda(cudaEventElapsedTime(&ms, begin.event_.get(), event_.get()), "time two events");
  return ms;
}

}  // namespace orrery
