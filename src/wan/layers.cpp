#include "wan/layers.h"

#include <cmath>
#include <vector>

#include "nn/phase.h"

namespace orrery {
namespace {

at::Tensor channels_last(const at::Tensor& weight) { return weight.contiguous(at::MemoryFormat::ChannelsLast3d); }

std::vector<std::int64_t> kernel_size(CausalConv::Kernel kernel) {
  if (kernel == CausalConv::Kernel::Full) return {3, 3, 3};
  return {3, 1, 1};
}

at::Tensor take_kernel(const Weights& w, std::int64_t in, std::int64_t out, CausalConv::Kernel kernel) {
  const auto size = kernel_size(kernel);
  return channels_last(w.take("weight", {out, in, size[0], size[1], size[2]}));
}

at::Tensor take_frame_kernel(const Weights& w, at::IntArrayRef shape) {
  const at::Tensor weight = w.take("weight", shape);
  return channels_last(weight.dim() == 4 ? weight.unsqueeze(2) : weight);
}

// Of an odd kernel, so that the picture keeps its size; time is never padded here.
std::vector<std::int64_t> space_padding(const at::Tensor& weight) {
  return {0, weight.size(3) / 2, weight.size(4) / 2};
}

}  // namespace

CausalConv::CausalConv(const Weights& w, std::int64_t in, std::int64_t out, Kernel kernel)
    : weight_(take_kernel(w, in, out, kernel)), bias_(w.take("bias", {out})) {}

at::Tensor CausalConv::operator()(const at::Tensor& x, FrameHistory& history) const {
  const at::Tensor extended = phase("history", [&] { return history.extend(this, x); });
  return phase("conv", [&] { return at::conv3d(extended, weight_, bias_, 1, space_padding(weight_)); });
}

FrameConv::FrameConv(const Weights& w, at::IntArrayRef weight_shape)
    : weight_(take_frame_kernel(w, weight_shape)), bias_(w.take("bias", {weight_shape[0]})) {}

at::Tensor FrameConv::operator()(const at::Tensor& x) const {
  return phase("conv", [&] { return at::conv3d(x, weight_, bias_, 1, space_padding(weight_)); });
}

SpaceHalvingConv::SpaceHalvingConv(const Weights& w, std::int64_t channels)
    : weight_(take_frame_kernel(w, {channels, channels, 3, 3})), bias_(w.take("bias", {channels})) {}

at::Tensor SpaceHalvingConv::operator()(const at::Tensor& x) const {
  return at::conv3d(at::constant_pad_nd(x, {0, 1, 0, 1}), weight_, bias_, {1, 2, 2});
}

TimeHalvingConv::TimeHalvingConv(const Weights& w, std::int64_t channels)
    : weight_(take_kernel(w, channels, channels, CausalConv::Kernel::TimeOnly)), bias_(w.take("bias", {channels})) {}

at::Tensor TimeHalvingConv::operator()(const at::Tensor& x, FrameHistory& history) const {
  constexpr std::int64_t kOverlap = 1;
  if (history.at_first_frame()) {
    history.remember(this, x, kOverlap);
    return x;
  }
  return at::conv3d(history.extend(this, x, kOverlap), weight_, bias_, {2, 1, 1});
}

ChannelNorm::ChannelNorm(const Weights& w, std::int64_t channels, int trailing) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(trailing) + 1, 1);
  shape.front() = channels;
  gain_ = w.take_float32("gamma", shape).view({channels, 1, 1, 1}) * std::sqrt(static_cast<double>(channels));
}

at::Tensor ChannelNorm::operator()(const at::Tensor& x) const {
  return phase("norm", [&] {
    const at::Tensor length = at::linalg_vector_norm(x, 2, {1}, true, at::kFloat).clamp_min_(1e-12);
    return at::div(x, length).mul_(gain_).to(x.scalar_type());
  });
}

}  // namespace orrery
