#include "models/audio/decoder.h"

#include <sstream>
#include <utility>

#include "base/core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kKernel = 7;

std::int64_t widest(const SoundConfig& c) { return c.dec_dim * c.dec_c_mults.back(); }

// The checkpoint lists widths and strides from the waveform inwards; the decoder walks outwards, and the last block
// ends at the base width.
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

WaveResidual::WaveResidual(const Weights& w, std::int64_t channels, std::int64_t dilation)
    : snake1_(w / "snake1", channels),
      conv1_(w / "conv1", {.in = channels, .out = channels, .kernel = kKernel, .dilation = dilation}),
      snake2_(w / "snake2", channels),
      conv2_(w / "conv2", {.in = channels, .out = channels, .kernel = 1}) {}

at::Tensor WaveResidual::operator()(const at::Tensor& x) const {
  // Step by step, so that no more than three activations live at once.
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
