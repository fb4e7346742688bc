#include "models/wan/up_block.h"

#include <utility>

#include "models/kernels/repeated_sum.h"
#include "models/nn/phase.h"

namespace orrery {

Upsampler::Upsampler(const Weights& w, std::int64_t channels, Growth growth) : conv_(w / "resample" / 1, channels) {
  if (growth == Growth::SpaceAndTime) {
    time_conv_.emplace(w / "time_conv", channels, 2 * channels, CausalConv::Kernel::TimeOnly);
  }
}

at::Tensor Upsampler::frames(const at::Tensor& y, FrameHistory& history) const {
  // The first latent frame is one frame of pixels, and time_conv never sees it: its place in the context stays zero.
  const bool grows = time_conv_ && !history.at_first_frame();
  const at::Tensor made = grows ? (*time_conv_)(y, history) : y;
  const at::Tensor room = conv_.room({1, y.size(1), y.size(2) * (grows ? 2 : 1), y.size(3), y.size(4)}, history);
  phase("frames", [&] {
    if (!grows) {
      room.copy_(made);
      return;
    }
    // Frame 2k from the first half of the channels, 2k + 1 from the second.
    for (std::int64_t half = 0; half < 2; ++half) {
      room.slice(2, half, c10::nullopt, 2).copy_(made.narrow(1, half * y.size(1), y.size(1)));
    }
  });
  return conv_.whole(history);
}

at::Tensor Upsampler::operator()(at::Tensor y, const at::Tensor& x, FrameHistory& history) const {
  const at::Tensor small = frames(y, history);
  const at::Tensor large =
      at::empty({1, small.size(2), 2 * y.size(3), 2 * y.size(4), y.size(1)}, y.options()).permute({0, 4, 1, 2, 3});
  y.reset();  // two parts at a time then take no more memory than one beside it
  GrownRow grown{.time = time_conv_ ? 2 : 1, .first = history.at_first_frame()};
  for (grown.row = 0; grown.row < 2; ++grown.row) {
    const Convolved left = conv_(small, grown.row, 0), right = conv_(small, grown.row, 1);
    const at::Tensor rows = large.slice(3, grown.row, c10::nullopt, 2);
    phase("shortcut", [&] { add_repeated({left.x, right.x}, left.bias, x, grown, rows); });
  }
  return large;
}

UpBlock::UpBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t res_blocks, Growth growth) {
  for (std::int64_t i = 0; i < res_blocks; ++i) resnets_.emplace_back(w / "resnets" / i, i == 0 ? in : out, out);
  if (growth != Growth::None) upsampler_.emplace(w / "upsampler", out, growth);
}

at::Tensor UpBlock::operator()(const at::Tensor& x, FrameHistory& history) const {
  at::Tensor y = x;
  for (const ResidualBlock& resnet : resnets_) y = resnet(y, history);
  return upsampler_ ? (*upsampler_)(std::move(y), x, history) : y;
}

}  // namespace orrery
