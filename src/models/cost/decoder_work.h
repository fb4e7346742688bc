#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/audio/config.h"
#include "models/wan/config.h"

namespace orrery {

// One convolution of the video decoder, for a latent frame that is not the clip's first.
struct DecoderConv {
  std::string stage;                            // "", "middle", "up block 0", …
  std::int64_t in = 0;                          // channels
  std::int64_t out = 0;                         // channels
  std::array<std::int64_t, 3> kernel{1, 1, 1};  // time, rows, columns
  std::int64_t frames = 0;                      // that it makes
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t count = 1;  // of this size, in distinct_convs

  // It reads the frames before as well.
  std::int64_t frames_read() const { return frames + kernel[0] - 1; }
  // Floating-point operations of one; a multiplication and an addition are two.
  double flops() const;
  // "1024 -> 512, 3x3x3, 4 x 180 x 320"
  std::string text() const;
};

// All convolutions of the video decoder for one latent frame of height × width latent cells, in order.
std::vector<DecoderConv> decoder_convs(const WanConfig& config, std::int64_t height, std::int64_t width);

// Each size once, counted, without its stage; in order of appearance.
std::vector<DecoderConv> distinct_convs(const std::vector<DecoderConv>& convs);

// FLOPs of the attention in the middle of the decoder and of its products, for one latent frame.
double middle_attention_flops(const WanConfig& config, std::int64_t height, std::int64_t width);

// FLOPs of all convolutions and the attention, for one latent frame.
double decoder_flops(const WanConfig& config, std::int64_t height, std::int64_t width);

// Floating-point operations of decoding a sound latent of `steps` steps.
double sound_flops(const SoundConfig& config, std::int64_t steps);

}  // namespace orrery
