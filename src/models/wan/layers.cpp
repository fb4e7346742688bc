#include "models/wan/layers.h"

#include <cmath>
#include <vector>

#include "models/kernels/channel_norm_silu.h"
#include "models/nn/phase.h"
#include "models/wan/config.h"

namespace orrery {
namespace {

constexpr Reach kSpaceAndPast{.past = 2, .before = 1, .after = 1};
constexpr Reach kPast{.past = 2};
constexpr Reach kSpace{.before = 1, .after = 1};
constexpr Reach kBelow{.after = 1};
constexpr Reach kOneFrame{.past = 1};

at::Tensor channels_last(const at::Tensor& weight) { return weight.contiguous(at::MemoryFormat::ChannelsLast3d); }

at::Tensor take_kernel(const Weights& w, std::int64_t in, std::int64_t out, CausalConv::Kernel kernel) {
  const std::int64_t space = kernel == CausalConv::Kernel::Full ? 3 : 1;
  return channels_last(w.take("weight", {out, in, 3, space, space}));
}

at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return phase("conv", [&] { return at::conv3d(x, weight, bias); });
}

// On GPUs, LibTorch adds a bias in a separate pass over the result, whereas the next layer can add it at no cost.
Convolved convolve_without_bias(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!x.is_cuda()) return {convolve(x, weight, bias), {}};
  return {convolve(x, weight, {}), bias};
}

struct ConvInput {
  at::Tensor frames;
  at::Tensor weight;
};

// For a single frame at a clip's beginning, drops the zero frames before it and the part of the kernel that reads them.
ConvInput without_zeros(const at::Tensor& whole, const at::Tensor& weight, bool at_first_frame) {
  const std::int64_t past = weight.size(2) - 1;
  if (!at_first_frame || whole.size(2) != past + 1) return {whole, weight};
  return {whole.narrow(2, past, 1), weight.narrow(2, past, 1)};
}

at::Tensor write(PaddedFrames& input, const at::Tensor& x, const Strip& strip) {
  phase("history", [&] { input.room(x.sizes(), x.options()).copy_(x); });
  return input.whole(strip);
}

// The 2-pixel kernel along `dim` that is equivalent to the 3-pixel one on doubled pixels. The first pixel of a pair
// (place 0) sees the left neighbour once and itself twice, the second one itself twice and the right neighbour once.
at::Tensor fold(const at::Tensor& weight, int dim, std::int64_t place) {
  const at::Tensor first = weight.narrow(dim, 0, 1), middle = weight.narrow(dim, 1, 1), last = weight.narrow(dim, 2, 1);
  return place == 0 ? at::cat({first, middle + last}, dim) : at::cat({first + middle, last}, dim);
}

at::Tensor per_channel(const std::vector<double>& values, at::Device device) {
  return at::tensor(values, at::kFloat).to(device).view({-1, 1, 1});
}

constexpr std::int64_t kColours = 3;
constexpr std::int64_t kSide = WanConfig::kPatch;

}  // namespace

at::Tensor with_bias(const Convolved& y) { return y.bias.defined() ? y.x + y.bias.view({-1, 1, 1, 1}) : y.x; }

ChannelNorm::ChannelNorm(const Weights& w, std::int64_t channels, int trailing) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(trailing) + 1, 1);
  shape.front() = channels;
  gain_ = w.take_float32("gamma", shape).view({channels}) * std::sqrt(static_cast<double>(channels));
}

at::Tensor ChannelNorm::operator()(const at::Tensor& x) const {
  return phase("norm", [&] { return channel_norm_aten(x, gain_); });
}

void ChannelNorm::with_silu(const Convolved& x, const at::Tensor& out) const {
  phase("norm and silu", [&] { channel_norm_silu(x.x, x.bias, gain_, out); });
}

CausalConv::CausalConv(const Weights& w, std::int64_t in, std::int64_t out, Kernel kernel)
    : weight_(take_kernel(w, in, out, kernel)), bias_(w.take("bias", {out})), narrow_(weight_, bias_) {}

PaddedFrames& CausalConv::input(FrameHistory& history) const {
  return history.input_of(this, weight_.size(3) > 1 ? kSpaceAndPast : kPast);
}

at::Tensor CausalConv::operator()(const at::Tensor& x, FrameHistory& history) const {
  PaddedFrames& in = input(history);
  const auto [frames, weight] = without_zeros(write(in, x, history.strip()), weight_, history.at_first_frame());
  const at::Tensor y = convolve(frames, weight, bias_);
  phase("history", [&] { in.keep(); });
  return y;
}

Convolved CausalConv::operator()(const ChannelNorm& norm, const Convolved& x, FrameHistory& history) const {
  PaddedFrames& in = input(history);
  norm.with_silu(x, in.room(x.x.sizes(), x.x.options()));
  const at::Tensor whole = in.whole(history.strip());
  const auto [frames, weight] = without_zeros(whole, weight_, history.at_first_frame());
  const Convolved y = narrow_.takes(whole) ? Convolved{phase("conv", [&] { return narrow_(whole); }), {}}
                                           : convolve_without_bias(frames, weight, bias_);
  phase("history", [&] { in.keep(); });
  return y;
}

PointConv::PointConv(const Weights& w, std::int64_t in, std::int64_t out)
    : weight_(w.take("weight", {out, in, 1, 1, 1}).view({out, in})), bias_(w.take("bias", {out})) {}

at::Tensor PointConv::operator()(const at::Tensor& x) const {
  const at::Tensor pixels = x.permute({0, 2, 3, 4, 1}).flatten(0, 3);
  return phase("conv", [&] {
    return at::linear(pixels, weight_, bias_).view({1, x.size(2), x.size(3), x.size(4), -1}).permute({0, 4, 1, 2, 3});
  });
}

DoublingConv::DoublingConv(const Weights& w, std::int64_t channels) : bias_(w.take("bias", {channels})) {
  const at::Tensor weight = w.take("weight", {channels, channels, 3, 3});
  const at::Tensor exact = weight.to(at::kFloat).unsqueeze(2);
  for (std::size_t place = 0; place < weights_.size(); ++place) {
    const auto row = static_cast<std::int64_t>(place / 2), column = static_cast<std::int64_t>(place % 2);
    weights_[place] = channels_last(fold(fold(exact, 3, row), 4, column).to(weight.scalar_type()));
  }
}

at::Tensor DoublingConv::room(at::IntArrayRef sizes, FrameHistory& history) const {
  return history.input_of(this, kSpace).room(sizes, bias_.options());
}

at::Tensor DoublingConv::whole(FrameHistory& history) const {
  return history.input_of(this, kSpace).whole(history.strip());
}

Convolved DoublingConv::operator()(const at::Tensor& whole, std::int64_t row, std::int64_t column) const {
  // The result has one row and one column too many, at the beginning or the end, which are cut off.
  const Convolved all = convolve_without_bias(whole, weights_[static_cast<std::size_t>(2 * row + column)], bias_);
  return {all.x.narrow(3, row, all.x.size(3) - 1).narrow(4, column, all.x.size(4) - 1), all.bias};
}

SpaceHalvingConv::SpaceHalvingConv(const Weights& w, std::int64_t channels)
    : weight_(channels_last(w.take("weight", {channels, channels, 3, 3}).unsqueeze(2))),
      bias_(w.take("bias", {channels})) {}

at::Tensor SpaceHalvingConv::operator()(const at::Tensor& x, FrameHistory& history) const {
  const at::Tensor whole = write(history.input_of(this, kBelow), x, history.strip());
  return phase("conv", [&] { return at::conv3d(whole, weight_, bias_, {1, 2, 2}); });
}

TimeHalvingConv::TimeHalvingConv(const Weights& w, std::int64_t channels)
    : weight_(take_kernel(w, channels, channels, CausalConv::Kernel::TimeOnly)), bias_(w.take("bias", {channels})) {}

at::Tensor TimeHalvingConv::operator()(const at::Tensor& x, FrameHistory& history) const {
  PaddedFrames& in = history.input_of(this, kOneFrame);
  const bool first = history.at_first_frame();
  const at::Tensor whole = write(in, x, history.strip());
  const at::Tensor y = first ? x : phase("conv", [&] { return at::conv3d(whole, weight_, bias_, {2, 1, 1}); });
  in.keep();
  return y;
}

LatentScale::LatentScale(const WanConfig& c, at::Device device)
    : mean_(per_channel(c.latents_mean, device)), std_(per_channel(c.latents_std, device)) {}

at::Tensor LatentScale::normalise(const at::Tensor& frame) const {
  return (frame.to(mean_.device(), at::kFloat) - mean_).div_(std_);
}

at::Tensor LatentScale::restore(const at::Tensor& frame) const {
  return frame.to(mean_.device(), at::kFloat) * std_ + mean_;
}

at::Tensor pixels_to_channels(const at::Tensor& pixels) {
  const std::int64_t frames = pixels.size(1), height = pixels.size(2) / kSide, width = pixels.size(3) / kSide;
  return pixels.reshape({kColours, frames, height, kSide, width, kSide})
      .permute({0, 5, 3, 1, 2, 4})
      .reshape({1, WanConfig::kPatchChannels, frames, height, width});
}

at::Tensor channels_to_pixels(const at::Tensor& x) {
  const std::int64_t frames = x.size(2), height = x.size(3), width = x.size(4);
  return x.reshape({kColours, kSide, kSide, frames, height, width})
      .permute({0, 3, 4, 2, 5, 1})
      .reshape({kColours, frames, height * kSide, width * kSide});
}

}  // namespace orrery
