#include "bench/vae_bench.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bench/vae_work.h"
#include "parallel/device_memory.h"
#include "pipeline/decode.h"
#include "wan/decoder.h"

namespace orrery {
namespace {

// Milliseconds of each latent frame.
struct FrameTimes {
  std::vector<double> decode;
  std::vector<double> to_host;  // conversion to bytes and the copy
};

class ClipDecode {
 public:
  ClipDecode(const WanDecoder& decoder, const at::Tensor& latent) : stream_(decoder), latent_(latent) {}

  // One latent frame; the clip's last one over and over once it is through.
  at::Tensor next() {
    const std::int64_t frame = std::min(frame_++, latent_.size(1) - 1);
    return stream_.next(latent_.select(1, frame));
  }

 private:
  WanDecodeStream stream_;
  const at::Tensor& latent_;
  std::int64_t frame_ = 0;
};

FrameTimes decode_clip(ClipDecode& clip, std::int64_t frames, const Timer& timer) {
  FrameTimes times;
  for (std::int64_t t = 0; t < frames; ++t) {
    at::Tensor pixels;
    times.decode.push_back(timer.once([&] { pixels = clip.next(); }));
    times.to_host.push_back(timer.once([&] { to_rgb8(pixels); }));
  }
  return times;
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

Spread later(const std::vector<double>& times) {
  return times.size() > 1 ? spread_of({times.begin() + 1, times.end()}) : spread_of(times);
}

}  // namespace

std::map<std::string, PhaseCost> conv_costs(const WanConfig& config, std::int64_t height, std::int64_t width,
                                            const ConvCeilings& ceilings) {
  std::map<std::string, PhaseCost> costs;
  std::map<std::string, double> calls;
  for (const DecoderConv& conv : decoder_convs(config, height, width)) {
    const std::string phase = conv.stage.empty() ? "conv" : conv.stage + " / conv";
    costs[phase].flops += conv.flops();
    costs[phase].best_ms += ceilings.at(conv.text());
    calls[phase] += 1;
  }
  for (auto& [phase, cost] : costs) {
    cost.flops /= calls[phase];
    cost.best_ms /= calls[phase];
  }
  return costs;
}

void bench_vae(const BenchModel& model, const MediaShape& shape, const BenchSettings& settings, const BenchRanks& ranks,
               const ConvCeilings& ceilings, const Timer& timer, Report& report) {
  const std::int64_t frames = shape.video[1], height = shape.video[2], width = shape.video[3];
  const WanDecoder decoder(Weights(model.vae, Shard{}, ranks.device, ranks.dtype), model.vae_config);
  const at::Tensor latent = at::randn(shape.video, at::TensorOptions().device(ranks.device).dtype(at::kFloat));
  {
    ClipDecode warm(decoder, latent);
    decode_clip(warm, 2, timer);
  }
  reset_peak_memory(ranks.device);
  ClipDecode clip(decoder, latent);
  const FrameTimes times = decode_clip(clip, frames, timer);
  const auto peak = timer.largest_memory();

  const double pixels = static_cast<double>(shape.video[2] * shape.video[3]) * WanConfig::kSpatialFactor *
                        WanConfig::kSpatialFactor * WanConfig::kTemporalFactor;
  Record record;
  record.what = "vae";
  record.shape = "1 x " + std::to_string(height) + " x " + std::to_string(width) + " latent";
  record.name = "first latent frame";
  record.ms = spread_of({times.decode.front()});
  report.add(record);
  if (frames > 1) {
    record.name = "later latent frame";
    record.ms = later(times.decode);
    const std::vector<DecoderConv> convs = decoder_convs(model.vae_config, height, width);
    record.flops = decoder_flops(model.vae_config, height, width);
    for (const DecoderConv& conv : convs) record.best_ms += ceilings.at(conv.text());
    report.add(record);
    record.name = "its pixels as bytes to the host";
    record.ms = later(times.to_host);
    record.flops = record.best_ms = 0;
    record.bytes = pixels * 3;
    report.add(record);
  }
  record = Record{};
  record.what = "vae";
  record.name = "clip, decoded and on the host";
  record.shape = std::to_string(frames) + " x " + std::to_string(height) + " x " + std::to_string(width) + " latent";
  record.ms = spread_of({sum(times.decode) + sum(times.to_host)});
  record.peak_memory = peak;
  report.add(record);

  const BrokenDown subject{"vae", "later latent frame", [&] { to_rgb8(clip.next()); }};
  report_phases(subject, conv_costs(model.vae_config, height, width, ceilings), ranks, timer, report);
  if (settings.kernels > 0) report_kernels(subject, settings.kernels, ranks, report);
}

}  // namespace orrery
