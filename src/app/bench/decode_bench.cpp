#include <ATen/CPUGeneratorImpl.h>
#include <ATen/record_function.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/bench/parts.h"
#include "app/bench/settings.h"
#include "base/device/device_memory.h"
#include "models/audio/decoder.h"
#include "models/cost/decoder_work.h"
#include "models/wan/decoder.h"
#include "pipeline/video_decode.h"

namespace orrery {
namespace {

constexpr std::int64_t kTimedFrames = 9;  // latent frames; the first differs from the others

// The times of each latent frame [ms].
struct FrameTimes {
  std::vector<double> decode;
  std::vector<double> to_host;  // the copy of the 8-bit pixels
};

class ClipDecode {
 public:
  ClipDecode(VideoDecode& video, const at::Tensor& latent) : video_(video), latent_(latent) {}

  // Decodes the next latent frame; after the last one, the last one again.
  at::Tensor next() {
    const std::int64_t frame = std::min(frame_++, latent_.size(1) - 1);
    return video_.next(latent_.select(1, frame));
  }

 private:
  VideoDecode& video_;
  const at::Tensor& latent_;
  std::int64_t frame_ = 0;
};

void to_host(const at::Tensor& bytes) {
  RECORD_USER_SCOPE("bytes to the host");
  if (bytes.defined()) bytes.to(at::kCPU);
}

// Times each latent frame separately.
FrameTimes decode_frames(ClipDecode& clip, std::int64_t frames, const Timer& timer) {
  FrameTimes times;
  for (std::int64_t t = 0; t < frames; ++t) {
    at::Tensor bytes;
    times.decode.push_back(timer.once([&] { bytes = clip.next(); }));
    times.to_host.push_back(timer.once([&] { to_host(bytes); }));
  }
  return times;
}

// Decodes a clip as a run does: copies each frame to the host while the next one is decoded.
void decode_clip(ClipDecode& clip, std::int64_t frames) {
  FrameDownload download;
  for (std::int64_t t = 0; t < frames; ++t) download.next(clip.next());
  download.next({});
}

// Noise that is equal on all ranks.
at::Tensor same_noise(at::IntArrayRef shape, at::Device device) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(7), at::kFloat).to(device);
}

// The spread of all times but the first.
Spread later(const std::vector<double>& times) { return spread_of({times.begin() + 1, times.end()}); }

Record vae_record(const char* name, std::int64_t frames, const MediaShape& shape) {
  Record record;
  record.what = "vae";
  record.name = name;
  const std::vector<std::int64_t> latent = shape.extents(Stream::Video);
  record.shape = fmt::format("{} x {} x {} latent", frames, latent[2], latent[3]);
  return record;
}

Record first_frame(const FrameTimes& times, const MediaShape& shape) {
  Record record = vae_record("first latent frame", 1, shape);
  record.ms = spread_of({times.decode.front()});
  return record;
}

Record later_frames(const FrameTimes& times, const MediaShape& shape, CellCount part, const WanConfig& config,
                    const ConvCeilings& ceilings) {
  Record record = vae_record("later latent frame", 1, shape);
  record.ms = later(times.decode);
  record.flops = decoder_flops(config, part.height, part.width);
  for (const DecoderConv& conv : decoder_convs(config, part.height, part.width)) {
    record.best_ms += ceilings.at(conv.text());
  }
  return record;
}

Record bytes_to_host(const FrameTimes& times, const MediaShape& shape) {
  constexpr std::int64_t kPixels =
      WanConfig::kTemporalFactor * WanConfig::kSpatialFactor * WanConfig::kSpatialFactor;  // of a latent cell
  Record record = vae_record("copy of 8-bit pixels to the host", 1, shape);
  record.ms = later(times.to_host);
  record.bytes = static_cast<double>(3 * kPixels * shape.extents(Stream::Video)[2] * shape.extents(Stream::Video)[3]);
  return record;
}

Record whole_clip(double ms, const MediaShape& shape, std::optional<std::int64_t> peak) {
  Record record = vae_record("clip, decoded and on the host", shape.extents(Stream::Video)[1], shape);
  record.ms = spread_of({ms});
  record.peak_memory = peak;
  return record;
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

CellCount bench_part(const MediaShape& shape, const BenchContext& context) {
  return decoded_cells(context.settings.vae_split, context.ranks.world.shard().size, shape.extents(Stream::Video)[2],
                       shape.extents(Stream::Video)[3]);
}

void add_halo_costs(const WanConfig& config, CellCount strip, std::int64_t across, std::int64_t element_bytes,
                    std::map<std::string, PhaseCost>& costs) {
  constexpr int kNeighbours = 2;
  constexpr int kPlaces = 4;  // convolutions of one upsampler, which share one exchange
  std::map<std::string, double> calls;
  for (const DecoderConv& conv : decoder_convs(config, strip.height, strip.width)) {
    const bool doubling = conv.kernel[1] == 2;
    if (conv.kernel[1] == 1) continue;
    // An edge is as long as the strip at this resolution, plus two pixels of border. An upsampler's convolution already
    // counts one of them in its output's size.
    const std::int64_t length = across == strip.height ? conv.height : conv.width;
    const std::int64_t line = length + (doubling ? 1 : 2);
    const std::string phase = conv.stage.empty() ? "halo" : conv.stage + " / halo";
    const double share = doubling ? 1.0 / kPlaces : 1.0;
    costs[phase].bytes += share * static_cast<double>(kNeighbours * conv.frames * line * conv.in * element_bytes);
    calls[phase] += share;
  }
  for (const auto& [phase, count] : calls) costs[phase].bytes /= count;
}

void bench_vae(const BenchModel& model, const MediaShape& shape, const ConvCeilings& ceilings,
               const BenchContext& context) {
  const BenchRanks& ranks = context.ranks;
  const VaeSplit split = context.settings.vae_split;
  const std::int64_t frames = shape.extents(Stream::Video)[1], height = shape.extents(Stream::Video)[2],
                     width = shape.extents(Stream::Video)[3];
  const CellCount part = bench_part(shape, context);
  const WanDecoder decoder(Weights(model.vae, Shard{}, ranks.device, ranks.dtype), model.vae_config);
  const at::Tensor latent = same_noise(shape.extents(Stream::Video), ranks.device);
  DecodeRanks decoding(ranks.world, ranks.device);
  const auto start = [&] { return start_decode(split, &decoder, decoding, height, width); };
  {
    const auto video = start();
    ClipDecode warm(*video, latent);
    decode_frames(warm, 2, context.timer);
  }
  {
    const auto video = start();
    ClipDecode single(*video, latent);
    const FrameTimes times = decode_frames(single, std::min(frames, kTimedFrames), context.timer);
    context.report.add(first_frame(times, shape));
    if (frames > 1) {
      context.report.add(later_frames(times, shape, part, model.vae_config, ceilings));
      context.report.add(bytes_to_host(times, shape));
    }
  }
  reset_peak_memory(ranks.device);
  const auto video = start();
  ClipDecode clip(*video, latent);
  const double whole = context.timer.once([&] { decode_clip(clip, frames); });
  context.report.add(whole_clip(whole, shape, context.timer.largest_memory()));

  const BrokenDown subject{"vae", "later latent frame", [&] { to_host(clip.next()); }};
  std::map<std::string, PhaseCost> costs = conv_costs(model.vae_config, part.height, part.width, ceilings);
  if (split == VaeSplit::Exact && ranks.world.shard().size > 1) {
    const auto element = static_cast<std::int64_t>(at::elementSize(ranks.dtype));
    add_halo_costs(model.vae_config, part, std::min(height, width), element, costs);
  }
  report_phases(subject, costs, context);
  report_kernels(subject, context);
}

void bench_sound(const BenchModel& model, const BenchContext& context) {
  const SoundConfig& config = *model.sound_config;
  const SoundDecoder decoder(Weights(model.sound, Shard{}, context.ranks.device, context.ranks.dtype), config);
  Request clip = context.settings.clip;
  clip.sound = true;
  const std::int64_t steps = clip.sound_steps();
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
