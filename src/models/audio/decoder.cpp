#include "models/audio/decoder.h"

#include <sstream>
#include <utility>

#include "base/core/error.h"

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

// Calls the function below at::conv1d to set two options that at::conv1d takes from global settings: cuDNN must neither
// round float32 to TF32 (its default) nor sum in an arbitrary order.
at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const Geometry& g) {
  constexpr std::int64_t kGroups = 1;
  constexpr bool kBenchmark = false, kDeterministic = true, kCudnn = true, kTf32 = false;
  return at::_convolution(x, weight, bias, {g.stride}, {g.padding}, {g.dilation}, g.transposed, {g.output_padding},
                          kGroups, kBenchmark, kDeterministic, kCudnn, kTf32);
}

constexpr std::int64_t kKernel = 7;

std::int64_t widest(const SoundConfig& c) { return c.dec_dim * c.dec_c_mults.back(); }

// The blocks in order. The checkpoint lists widths and strides from the waveform inwards; the decoder runs outwards and
// its last block ends at the base width.
std::vector<WaveBlock> make_blocks(const Weights& w, const SoundConfig& c) {
  const std::size_t count = c.dec_strides.size();
  std::vector<WaveBlock> blocks;
  blocks.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t level = count - 1 - i;
    const std::int64_t in = c.dec_dim * c.dec_c_mults[level];
    const std::int64_t out = level > 0 ? c.dec_dim * c.dec_c_mults[level - 1] : c.dec_dim;
    blocks.emplace_back(w / static_cast<std::int64_t>(i), in, out, c.dec_strides[level]);
  }
  return blocks;
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
  // Length of the result: (T - 1) · s - 2 · ceil(s / 2) + 2s + s % 2 = s · T.
  return convolve(x, weight_, bias_, {stride_, (stride_ + 1) / 2, 1, true, stride_ % 2});
}

WaveResidual::WaveResidual(const Weights& w, std::int64_t channels, std::int64_t dilation)
    : snake1_(w / "snake1", channels),
      conv1_(w / "conv1", {.in = channels, .out = channels, .kernel = kKernel, .dilation = dilation}),
      snake2_(w / "snake2", channels),
      conv2_(w / "conv2", {.in = channels, .out = channels, .kernel = 1}) {}

at::Tensor WaveResidual::operator()(const at::Tensor& x) const {
  // One statement for each layer, so that at most three activations exist at once.
  at::Tensor y = snake1_(x);
  y = conv1_(y);
  y = snake2_(y);
  y = conv2_(y);
  return y.add_(x);
}

WaveBlock::WaveBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t stride)
    : snake_(w / "snake1", in),
      upsampler_(w / "conv_t1", in, out, stride),
      near_(w / "res_unit1", out, 1),
      middle_(w / "res_unit2", out, 3),
      far_(w / "res_unit3", out, 9) {}

at::Tensor WaveBlock::operator()(at::Tensor x) const {
  x = snake_(x);
  x = upsampler_(x);
  x = near_(x);
  x = middle_(x);
  return far_(x);
}

SoundDecoder::SoundDecoder(const Weights& sound_tokenizer, const SoundConfig& c)
    : device_(sound_tokenizer.device()),
      latent_channels_(c.vocoder_input_dim),
      conv_in_(sound_tokenizer / "decoder" / "conv1", {.in = c.vocoder_input_dim, .out = widest(c), .kernel = kKernel}),
      blocks_(make_blocks(sound_tokenizer / "decoder" / "block", c)),
      snake_(sound_tokenizer / "decoder" / "snake1", c.dec_dim),
      conv_out_(sound_tokenizer / "decoder" / "conv2",
                {.in = c.dec_dim, .out = SoundConfig::kChannels, .kernel = kKernel, .bias = false}) {
  sound_tokenizer.ignore("encoder.");
}

at::Tensor SoundDecoder::operator()(const at::Tensor& latent) const {
  if (latent.dim() != 2 || latent.size(0) != latent_channels_ || latent.size(1) == 0) {
    std::ostringstream message;
    message << "the sound decoder takes a latent (" << latent_channels_ << ", T) with T of 1 or more, found "
            << latent.sizes();
    throw Error(message.str());
  }
  at::Tensor x = conv_in_(latent.to(device_, at::kFloat).unsqueeze(0));
  for (const WaveBlock& block : blocks_) x = block(std::move(x));
  x = snake_(x);
  return conv_out_(x).squeeze(0).clamp_(-1, 1);
}

}  // namespace orrery
