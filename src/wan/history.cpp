#include "wan/history.h"

namespace orrery {
namespace {

constexpr std::int64_t kFrames = 2;

}  // namespace

at::Tensor FrameHistory::extend(const void* layer, const at::Tensor& x) {
  at::Tensor& context = contexts_[layer];
  if (!context.defined()) {
    context = at::zeros({1, x.size(1), kFrames, x.size(3), x.size(4)}, x.options())
                  .contiguous(at::MemoryFormat::ChannelsLast3d);
  }
  at::Tensor extended = at::cat({context, x}, 2);
  // A copy: a view would keep all frames of the layer's input alive until the next call.
  context = extended.narrow(2, extended.size(2) - kFrames, kFrames).clone(at::MemoryFormat::ChannelsLast3d);
  return extended;
}

}  // namespace orrery
