#include "pipeline/frame_download.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>

namespace orrery {

FrameDownload::Transfer FrameDownload::start(const at::Tensor& frames) {
  if (frames.is_cpu()) return {frames, std::nullopt};
  const bool fits = spare_.defined() && spare_.sizes() == frames.sizes();
  at::Tensor host = fits ? std::exchange(spare_, {})
                         : at::empty(frames.sizes(), frames.options().device(at::kCPU).pinned_memory(true));
  host.copy_(frames, /*non_blocking=*/true);
  c10::Event done(frames.device().type());
  done.record(c10::impl::VirtualGuardImpl(frames.device().type()).getStream(frames.device()));
  return {host, std::move(done)};
}

at::Tensor FrameDownload::next(const at::Tensor& frames) {
  std::optional<Transfer> before = std::exchange(under_way_, std::nullopt);
  if (frames.defined()) under_way_ = start(frames);
  if (!before) return {};
  if (before->done) {
    before->done->synchronize();
    spare_ = before->host;
  }
  return before->host;
}

}  // namespace orrery
