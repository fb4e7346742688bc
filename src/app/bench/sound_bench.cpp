#include "app/bench/sound_bench.h"

#include <string>

#include "models/audio/decoder.h"
#include "app/bench/clip.h"
#include "base/device/device_memory.h"

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

void bench_sound(const BenchModel& model, const BenchContext& context) {
  const SoundConfig& config = *model.sound_config;
  const SoundDecoder decoder(Weights(model.sound, Shard{}, context.ranks.device, context.ranks.dtype), config);
  const std::int64_t steps = bench_sound_steps(context.settings);
  const at::Tensor latent =
      at::randn({config.vocoder_input_dim, steps}, at::TensorOptions().device(context.ranks.device).dtype(at::kFloat));
  reset_peak_memory(context.ranks.device);
  Record record;
  record.what = "sound";
  record.name = "clip";
  record.shape = std::to_string(config.vocoder_input_dim) + " x " + std::to_string(steps) + " latent";
  record.ms = context.timer.measure([&] { decoder(latent); });
  record.flops = sound_flops(config, steps);
  record.peak_memory = context.timer.largest_memory();
  context.report.add(record);
}

}  // namespace orrery
