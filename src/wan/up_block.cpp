#include "wan/up_block.h"

#include "nn/phase.h"

namespace orrery {
namespace {

// (1, 2C, T, H, W) -> (1, C, 2T, H, W): frame 2k from the first half of the channels, 2k + 1 from the second.
at::Tensor channels_to_time(const at::Tensor& x) {
  const std::int64_t channels = x.size(1) / 2;
  return x.view({1, 2, channels, x.size(2), x.size(3), x.size(4)})
      .permute({0, 2, 3, 1, 4, 5})
      .reshape({1, channels, 2 * x.size(2), x.size(3), x.size(4)});
}

}  // namespace

Upsampler::Upsampler(const Weights& w, std::int64_t channels, Growth growth)
    : conv_(w / "resample" / 1, {channels, channels, 3, 3}) {
  if (growth == Growth::SpaceAndTime) {
    time_conv_.emplace(w / "time_conv", channels, 2 * channels, CausalConv::Kernel::TimeOnly);
  }
}

at::Tensor Upsampler::operator()(at::Tensor x, FrameHistory& history) const {
  // The first latent frame is one frame of pixels, and time_conv never sees it: its place in the context stays zero.
  if (time_conv_ && !history.at_first_frame()) {
    x = (*time_conv_)(x, history);
    x = phase("channels to time", [&] { return channels_to_time(x); });
  }
  x = phase("nearest", [&] { return at::_upsample_nearest_exact3d(x, {x.size(2), 2 * x.size(3), 2 * x.size(4)}); });
  return conv_(x);
}

UpBlock::UpBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t res_blocks, Growth growth)
    : out_(out), growth_(growth) {
  for (std::int64_t i = 0; i < res_blocks; ++i) resnets_.emplace_back(w / "resnets" / i, i == 0 ? in : out, out);
  if (growth != Growth::None) upsampler_.emplace(w / "upsampler", out, growth);
}

at::Tensor UpBlock::shortcut(const at::Tensor& x, bool first_frame) const {
  const std::int64_t ft = growth_ == Growth::SpaceAndTime ? 2 : 1;
  const std::int64_t frames = x.size(2), height = x.size(3), width = x.size(4);
  const at::Tensor laid_out = x.repeat_interleave(out_ * ft * 4 / x.size(1), 1)
                                  .view({1, out_, ft, 2, 2, frames, height, width})
                                  .permute({0, 1, 5, 2, 6, 3, 7, 4})
                                  .reshape({1, out_, frames * ft, height * 2, width * 2});
  return first_frame ? laid_out.narrow(2, ft - 1, frames * ft - (ft - 1)) : laid_out;
}

at::Tensor UpBlock::operator()(const at::Tensor& x, FrameHistory& history) const {
  at::Tensor y = x;
  for (const ResidualBlock& resnet : resnets_) y = resnet(y, history);
  if (!upsampler_) return y;
  // In two statements: in one, what the upsampler took would live until the sum is made.
  y = (*upsampler_)(y, history);
  return phase("shortcut", [&] { return y.add_(shortcut(x, history.at_first_frame())); });
}

}  // namespace orrery
