#include "wan/up_block.h"

#include "kernels/repeated_sum.h"
#include "nn/phase.h"

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

at::Tensor Upsampler::operator()(const at::Tensor& y, const at::Tensor& x, FrameHistory& history) const {
  const at::Tensor small = frames(y, history);
  const at::Tensor large =
      at::empty({1, small.size(2), 2 * y.size(3), 2 * y.size(4), y.size(1)}, y.options()).permute({0, 4, 1, 2, 3});
  GrownCell cell{.time = time_conv_ ? 2 : 1, .first = history.at_first_frame()};
  for (cell.row = 0; cell.row < 2; ++cell.row) {
    for (cell.column = 0; cell.column < 2; ++cell.column) {
      const Convolved part = conv_(small, cell.row, cell.column);
      const at::Tensor place = large.slice(3, cell.row, c10::nullopt, 2).slice(4, cell.column, c10::nullopt, 2);
      phase("shortcut", [&] { add_repeated(part.x, part.bias, x, cell, place); });
    }
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
  return upsampler_ ? (*upsampler_)(y, x, history) : y;
}

}  // namespace orrery
