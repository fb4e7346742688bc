#include "wan/history.h"

namespace orrery {

at::Tensor FrameHistory::extend(const void* layer, const at::Tensor& x, std::int64_t frames) {
  at::Tensor& context = contexts_[layer];
  if (!context.defined()) {
    context = at::zeros({1, x.size(1), frames, x.size(3), x.size(4)}, x.options())
                  .contiguous(at::MemoryFormat::ChannelsLast3d);
  }
  at::Tensor extended = at::cat({context, x}, 2);
  remember(layer, extended, frames);
  return extended;
}

void FrameHistory::remember(const void* layer, const at::Tensor& x, std::int64_t frames) {
  // A copy: a view would keep all frames of the layer's input alive until the next call.
  contexts_[layer] = x.narrow(2, x.size(2) - frames, frames).clone(at::MemoryFormat::ChannelsLast3d);
}

}  // namespace orrery
