#include "models/audio/layers.h"

namespace orrery {
namespace {

at::Tensor take_folded(const Weights& w, at::IntArrayRef shape) {
  const at::Tensor g = w.take_float32("weight_g", {shape[0], 1, 1});
  at::Tensor v = w.take_float32("weight_v", shape);
  const at::Tensor length = at::linalg_vector_norm(v, 2, at::IntArrayRef{1, 2}, true);
  return v.mul_(g / length);
}

struct Geometry {
  std::int64_t stride, padding, dilation;
  bool transposed;
  std::int64_t output_padding;
};

// One call below at::conv1d, which takes from global switches what a sound must not depend on: whether cuDNN may round
// float32 to TF32 (it may by default) and sum in any order.
at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const Geometry& g) {
  constexpr std::int64_t kGroups = 1;
  constexpr bool kBenchmark = false, kDeterministic = true, kCudnn = true, kTf32 = false;
  return at::_convolution(x, weight, bias, {g.stride}, {g.padding}, {g.dilation}, g.transposed, {g.output_padding},
                          kGroups, kBenchmark, kDeterministic, kCudnn, kTf32);
}

}  // namespace

Snake::Snake(const Weights& w, std::int64_t channels)
    : rate_(w.take_float32("alpha", {1, channels, 1}).exp_()),
      gain_(w.take_float32("beta", {1, channels, 1}).exp_().add_(1e-9).reciprocal_()) {}

at::Tensor Snake::operator()(const at::Tensor& x) const {
  return at::mul(x, rate_).sin_().square_().mul_(gain_).add_(x);
}

WaveConv::WaveConv(const Weights& w, const Shape& shape)
    : weight_(take_folded(w, {shape.out, shape.in, shape.kernel})),
      padding_(shape.dilation * (shape.kernel / 2)),
      dilation_(shape.dilation) {
  if (shape.bias) bias_ = w.take_float32("bias", {shape.out});
}

at::Tensor WaveConv::operator()(const at::Tensor& x) const {
  return convolve(x, weight_, bias_, {1, padding_, dilation_, false, 0});
}

WaveUpsampler::WaveUpsampler(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t stride)
    : weight_(take_folded(w, {in, out, 2 * stride})), bias_(w.take_float32("bias", {out})), stride_(stride) {}

at::Tensor WaveUpsampler::operator()(const at::Tensor& x) const {
  // (T - 1) · s - 2 · ceil(s / 2) + 2s + s % 2 = s · T.
  return convolve(x, weight_, bias_, {stride_, (stride_ + 1) / 2, 1, true, stride_ % 2});
}

}  // namespace orrery
