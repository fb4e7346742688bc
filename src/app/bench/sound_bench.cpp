#include <fmt/format.h>

#include "app/bench/clip.h"
#include "app/bench/parts.h"
#include "base/device/device_memory.h"
#include "models/audio/decoder.h"
#include "models/cost/decoder_work.h"

namespace orrery {

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
  record.shape = fmt::format("{} x {} latent", config.vocoder_input_dim, steps);
  record.ms = context.timer.measure([&] { decoder(latent); });
  record.flops = sound_flops(config, steps);
  record.peak_memory = context.timer.largest_memory();
  context.report.add(record);
}

}  // namespace orrery
