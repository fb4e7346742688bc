#include "models/cost/decoder_work.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace orrery {
namespace {

// Lists the convolutions in the order in which wan/ applies them to a latent frame.
class DecoderWalk {
 public:
  DecoderWalk(const WanConfig& config, std::int64_t height, std::int64_t width)
      : config_(config), height_(height), width_(width) {}

  std::vector<DecoderConv> operator()() {
    constexpr std::int64_t kMiddleBlocks = 2;
    std::int64_t channels = config_.decoder_base_dim * config_.dim_mult.back();
    add(config_.z_dim, config_.z_dim, {1, 1, 1});
    add(config_.z_dim, channels, {3, 3, 3});
    stage_ = "middle";
    for (std::int64_t i = 0; i < kMiddleBlocks; ++i) residual(channels, channels);
    for (std::size_t i = 0; i < config_.dim_mult.size(); ++i) {
      stage_ = fmt::format("up block {}", i);
      channels = up_block(config_.dim_mult.size() - 1 - i, channels);
    }
    stage_.clear();
    add(channels, WanConfig::kPatchChannels, {3, 3, 3});
    return std::move(convs_);
  }

 private:
  std::int64_t up_block(std::size_t level, std::int64_t in) {
    const std::int64_t out = config_.decoder_base_dim * config_.dim_mult[level];
    for (std::int64_t i = 0; i <= config_.num_res_blocks; ++i) residual(i == 0 ? in : out, out);
    if (level > 0) grow(out, config_.temporal_downsample[level - 1]);
    return out;
  }

  void residual(std::int64_t in, std::int64_t out) {
    add(in, out, {3, 3, 3});
    add(out, out, {3, 3, 3});
    if (in != out) add(in, out, {1, 1, 1});
  }

  void grow(std::int64_t channels, bool in_time) {
    if (in_time) {
      add(channels, 2 * channels, {3, 1, 1});
      frames_ *= 2;
    }
    // One convolution for each of the 2×2 pixels that a pixel becomes; its output has a row and a column too many.
    constexpr int kPlaces = 4;
    for (int place = 0; place < kPlaces; ++place) {
      convs_.push_back({stage_, channels, channels, {1, 2, 2}, frames_, height_ + 1, width_ + 1});
    }
    height_ *= 2;
    width_ *= 2;
  }

  void add(std::int64_t in, std::int64_t out, std::array<std::int64_t, 3> kernel) {
    convs_.push_back({stage_, in, out, kernel, frames_, height_, width_});
  }

  const WanConfig& config_;
  std::int64_t height_;
  std::int64_t width_;
  std::int64_t frames_ = 1;
  std::string stage_;
  std::vector<DecoderConv> convs_;
};

}  // namespace

double DecoderConv::flops() const {
  const auto weights = static_cast<double>(in * out * kernel[0] * kernel[1] * kernel[2]);
  return 2 * weights * static_cast<double>(frames * height * width);
}

std::string DecoderConv::text() const {
  return fmt::format("{} -> {}, {}x{}x{}, {} x {} x {}", in, out, kernel[0], kernel[1], kernel[2], frames, height,
                     width);
}

std::vector<DecoderConv> decoder_convs(const WanConfig& config, std::int64_t height, std::int64_t width) {
  return DecoderWalk(config, height, width)();
}

std::vector<DecoderConv> distinct_convs(const std::vector<DecoderConv>& convs) {
  const auto size = [](const DecoderConv& c) { return std::tie(c.in, c.out, c.kernel, c.frames, c.height, c.width); };
  std::vector<DecoderConv> distinct;
  for (const DecoderConv& conv : convs) {
    const auto same = std::find_if(distinct.begin(), distinct.end(),
                                   [&](const DecoderConv& other) { return size(other) == size(conv); });
    if (same != distinct.end()) {
      ++same->count;
    } else {
      distinct.push_back(conv);
      distinct.back().stage.clear();
    }
  }
  return distinct;
}

double middle_attention_flops(const WanConfig& config, std::int64_t height, std::int64_t width) {
  const auto channels = static_cast<double>(config.decoder_base_dim * config.dim_mult.back());
  const auto positions = static_cast<double>(height * width);
  return 2 * positions * channels * 4 * channels + 4 * positions * positions * channels;
}

double decoder_flops(const WanConfig& config, std::int64_t height, std::int64_t width) {
  double sum = middle_attention_flops(config, height, width);
  for (const DecoderConv& conv : decoder_convs(config, height, width)) {
    sum += conv.flops();
  }
  return sum;
}

double sound_flops(const SoundConfig& c, std::int64_t steps) {
  constexpr std::int64_t kKernel = 7, kUnits = 3;
  const auto conv = [](std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t length) {
    return 2 * static_cast<double>(in * out * kernel) * static_cast<double>(length);
  };
  std::int64_t channels = c.dec_dim * c.dec_c_mults.back();
  std::int64_t length = steps;
  double flops = conv(c.vocoder_input_dim, channels, kKernel, length);
  for (std::size_t level = c.dec_strides.size(); level-- > 0;) {
    const std::int64_t out = level > 0 ? c.dec_dim * c.dec_c_mults[level - 1] : c.dec_dim;
    flops += conv(channels, out, 2 * c.dec_strides[level], length);  // transposed: the whole kernel for each input
    length *= c.dec_strides[level];
    flops += kUnits * (conv(out, out, kKernel, length) + conv(out, out, 1, length));
    channels = out;
  }
  return flops + conv(channels, SoundConfig::kChannels, kKernel, length);
}

}  // namespace orrery
