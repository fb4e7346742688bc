#include "models/wan/encoder.h"

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "base/core/pulse.h"
#include "models/wan/layers.h"

namespace orrery {
namespace {

std::int64_t widest_encoded(const WanConfig& c) { return c.base_dim * c.dim_mult.back(); }

std::vector<DownBlock> make_down_blocks(const Weights& w, const WanConfig& c) {
  const std::size_t count = c.dim_mult.size();
  std::vector<DownBlock> blocks;
  blocks.reserve(count);
  std::int64_t in = c.base_dim;
  for (std::size_t level = 0; level < count; ++level) {
    const std::int64_t out = c.base_dim * c.dim_mult[level];
    Shrink shrink = Shrink::None;
    if (level + 1 < count) shrink = c.temporal_downsample[level] ? Shrink::SpaceAndTime : Shrink::Space;
    blocks.emplace_back(w / static_cast<std::int64_t>(level), in, out, c.num_res_blocks, shrink);
    in = out;
  }
  return blocks;
}

void require_frames(const at::Tensor& pixels, bool right_count, const std::string& count) {
  constexpr std::int64_t kCell = WanConfig::kSpatialFactor;
  const bool whole_cells = pixels.dim() == 4 && pixels.size(0) == 3 && pixels.size(2) > 0 && pixels.size(3) > 0 &&
                           pixels.size(2) % kCell == 0 && pixels.size(3) % kCell == 0;
  std::ostringstream found;
  found << pixels.sizes();
  require(whole_cells && right_count,
          "the encoder takes pixels (3, " + count + ", 16h, 16w), but was given " + found.str());
}

}  // namespace

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
  // Computed first, so that the input, the largest tensor of the block, is freed after the first residual block.
  const at::Tensor skipped = shortcut_(x);
  for (const ResidualBlock& resnet : resnets_) x = resnet(x, history);
  if (downsampler_) x = (*downsampler_)(x, history);
  return skipped + x;
}

WanEncoder::WanEncoder(const Weights& vae, const WanConfig& c)
    : dtype_(vae.dtype()),
      scale_(c, vae.device()),
      conv_in_(vae / "encoder" / "conv_in", WanConfig::kPatchChannels, c.base_dim),
      down_(make_down_blocks(vae / "encoder" / "down_blocks", c)),
      mid_(vae / "encoder" / "mid_block", widest_encoded(c)),
      norm_out_(vae / "encoder" / "norm_out", widest_encoded(c)),
      conv_out_(vae / "encoder" / "conv_out", widest_encoded(c), 2 * c.z_dim),
      quant_(vae / "quant_conv", 2 * c.z_dim, 2 * c.z_dim) {
  vae.ignore("decoder.");
  vae.ignore("post_quant_conv.");
}

at::Tensor WanEncoder::operator()(const at::Tensor& frames, FrameHistory& history) const {
  const std::int64_t wanted = history.at_first_frame() ? 1 : WanConfig::kTemporalFactor;
  require_frames(frames, frames.dim() == 4 && frames.size(1) == wanted, std::to_string(wanted));
  const at::Tensor pixels = history.strip().of(frames, WanConfig::kSpatialFactor).to(scale_.device(), dtype_);
  beat();
  at::Tensor x = conv_in_(pixels_to_channels(pixels), history);
  for (const DownBlock& block : down_) x = block(std::move(x), history);
  x = quant_(with_bias(conv_out_(norm_out_, {mid_(x, history), {}}, history)));
  history.advance();
  // Takes the mean; the second half of the channels is the spread of the distribution.
  return scale_.normalise(x[0].select(1, 0).narrow(0, 0, scale_.channels()));
}

at::Tensor WanEncoder::operator()(const at::Tensor& pixels, const Strip& strip) const {
  constexpr std::int64_t kChunk = WanConfig::kTemporalFactor;
  require_frames(pixels, pixels.dim() == 4 && pixels.size(1) % kChunk == 1, "4k + 1");
  WanEncodeStream stream(*this, strip);
  std::vector<at::Tensor> latent;
  for (std::int64_t t = 0; t < pixels.size(1);) {
    const std::int64_t frames = stream.frames_wanted();
    latent.push_back(stream.next(pixels.narrow(1, t, frames)));
    t += frames;
  }
  return at::stack(latent, 1);
}

}  // namespace orrery
