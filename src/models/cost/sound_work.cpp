#include "models/cost/sound_work.h"

#include <cstddef>

namespace orrery {

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
    flops += conv(channels, out, 2 * c.dec_strides[level], length);  // transposed: each input meets the whole kernel
    length *= c.dec_strides[level];
    flops += kUnits * (conv(out, out, kKernel, length) + conv(out, out, 1, length));
    channels = out;
  }
  return flops + conv(channels, SoundConfig::kChannels, kKernel, length);
}

}  // namespace orrery
