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
  std::int64_t frames = 0;                      // of the output, as are height and width
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t count = 1;  // the number of convolutions of this size in distinct_convs(); else 1

  // Input frames, including the kernel[0] - 1 previous ones.
  std::int64_t frames_read() const { return frames + kernel[0] - 1; }
  // FLOPs of one convolution; a multiplication and an addition are two.
  double flops() const;
  // "1024 -> 512, 3x3x3, 4 x 180 x 320"
  std::string text() const;
};

// All convolutions of the video decoder for one latent frame of height × width latent cells, in order.
std::vector<DecoderConv> decoder_convs(const WanConfig& config, std::int64_t height, std::int64_t width);

// The distinct sizes with their counts, without stages, in order of first appearance.
std::vector<DecoderConv> distinct_convs(const std::vector<DecoderConv>& convs);

// FLOPs of the attention in the middle of the decoder and of its projections, for one latent frame.
double middle_attention_flops(const WanConfig& config, std::int64_t height, std::int64_t width);

// FLOPs of all convolutions and the attention, for one latent frame.
double decoder_flops(const WanConfig& config, std::int64_t height, std::int64_t width);

// FLOPs of decoding a sound latent of `steps` latent steps.
double sound_flops(const SoundConfig& config, std::int64_t steps);

}  // namespace orrery
