#include "base/device/side_streams.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace orrery {
namespace {

// Always the same two, since the allocator keeps the memory of each stream apart.
const std::array<c10::Stream, 2>& streams_of(const c10::impl::VirtualGuardImpl& device_type, at::Device device) {
  static const std::array kStreams{device_type.getStreamFromGlobalPool(device, /*isHighPriority=*/false),
                                   device_type.getStreamFromGlobalPool(device, /*isHighPriority=*/false)};
  return kStreams;
}

// Makes `later` wait for what is queued on `earlier` now.
void order(const c10::Stream& earlier, const c10::Stream& later) {
  c10::Event reached(earlier.device_type());
  reached.record(earlier);
  reached.block(later);
}

}  // namespace

SideStreams::SideStreams(at::Device device) {
  if (device.is_cpu()) return;
  const c10::impl::VirtualGuardImpl device_type(device.type());
  streams_ = streams_of(device_type, device);
  for (const c10::Stream& stream : *streams_) order(device_type.getStream(device), stream);
}

void SideStreams::join() const {
  if (!streams_) return;
  const c10::impl::VirtualGuardImpl device_type(streams_->front().device_type());
  for (const c10::Stream& stream : *streams_) order(stream, device_type.getStream(stream.device()));
}

}  // namespace orrery
