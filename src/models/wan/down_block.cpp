#include "models/wan/down_block.h"

#include <fmt/format.h>

#include <string>

#include "base/core/error.h"

namespace orrery {

CellAverage::CellAverage(std::int64_t in, std::int64_t out, Shrink shrink)
    : out_(out), time_(shrink == Shrink::SpaceAndTime ? 2 : 1), space_(shrink == Shrink::None ? 1 : 2) {
  const std::int64_t cells = in * time_ * space_ * space_;
  require_input(cells % out == 0,
                fmt::format("vae/config.json: dim_mult: found a step from {} to {} channels, expected a "
                            "width that divides {} for the encoder's averages",
                            in, out, cells));
}

at::Tensor CellAverage::operator()(const at::Tensor& x) const {
  const std::int64_t before = x.size(2) % time_;
  const at::Tensor whole = before == 0 ? x : at::constant_pad_nd(x, {0, 0, 0, 0, time_ - before, 0});
  const std::int64_t frames = whole.size(2) / time_, height = x.size(3) / space_, width = x.size(4) / space_;
  return whole.view({1, x.size(1), frames, time_, height, space_, width, space_})
      .permute({0, 1, 3, 5, 7, 2, 4, 6})
      .reshape({1, out_, -1, frames, height, width})
      .mean(2);
}

Downsampler::Downsampler(const Weights& w, std::int64_t channels, Shrink shrink) : conv_(w / "resample" / 1, channels) {
  if (shrink == Shrink::SpaceAndTime) time_conv_.emplace(w / "time_conv", channels);
}

at::Tensor Downsampler::operator()(const at::Tensor& x, FrameHistory& history) const {
  const at::Tensor y = conv_(x, history);
  return time_conv_ ? (*time_conv_)(y, history) : y;
}

DownBlock::DownBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t res_blocks, Shrink shrink)
    : shortcut_(in, out, shrink) {
  for (std::int64_t i = 0; i < res_blocks; ++i) resnets_.emplace_back(w / "resnets" / i, i == 0 ? in : out, out);
  if (shrink != Shrink::None) downsampler_.emplace(w / "downsampler", out, shrink);
}

at::Tensor DownBlock::operator()(at::Tensor x, FrameHistory& history) const {
  // Before all else: the input is the largest tensor of the block and need not outlive the first residual block.
  const at::Tensor skipped = shortcut_(x);
  for (const ResidualBlock& resnet : resnets_) x = resnet(x, history);
  if (downsampler_) x = (*downsampler_)(x, history);
  return skipped + x;
}

}  // namespace orrery
