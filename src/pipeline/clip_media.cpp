#include "pipeline/clip_media.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "core/error.h"
#include "media/png_writer.h"
#include "media/video_writer.h"
#include "media/wav_writer.h"
#include "pipeline/decode.h"

namespace orrery {
namespace {

struct FrameSize {
  int width;
  int height;
};

FrameSize frame_size(const at::Tensor& latent) {
  return {static_cast<int>(latent.size(3) * WanConfig::kSpatialFactor),
          static_cast<int>(latent.size(2) * WanConfig::kSpatialFactor)};
}

std::int64_t frame_count(const at::Tensor& latent) { return (latent.size(1) - 1) * WanConfig::kTemporalFactor + 1; }

VideoFormat format_of(const MediaLatents& latents, const ClipLabel& label, const MediaSettings& settings) {
  const FrameSize size = frame_size(latents.video);
  VideoFormat format;
  format.width = size.width;
  format.height = size.height;
  format.fps = fps_fraction(label.fps);
  format.crf = settings.crf;
  format.threads = settings.encoder_threads;
  format.sound = latents.has_sound();
  format.metadata = {
      {"prompt", label.prompt}, {"seed", label.seed}, {"model", label.model}, {"version", label.version}};
  return format;
}

// Left and right in turn, as files have them.
std::vector<float> interleaved(const at::Tensor& waveform) {
  const at::Tensor pairs = waveform.transpose(0, 1).contiguous();
  return {pairs.const_data_ptr<float>(), pairs.const_data_ptr<float>() + pairs.numel()};
}

}  // namespace

at::Tensor decode_sound(const SoundDecoder& decoder, const at::Tensor& latent, std::int64_t frames, double fps) {
  const at::Tensor waveform = decoder(latent).to(at::kCPU);
  const auto samples = static_cast<std::int64_t>(std::llround(static_cast<double>(frames) / fps * kSoundRate));
  return waveform.narrow(1, 0, std::min(samples, waveform.size(1)));
}

std::vector<std::string> write_clip_media(const MediaDecoders& decoders, const MediaLatents& latents,
                                          const ClipLabel& label, const RunFolder& folder,
                                          const MediaSettings& settings, const std::function<bool()>& interrupted) {
  require(!latents.has_sound() || decoders.sound != nullptr, "latents with sound, but no sound decoder was loaded");
  const std::filesystem::path frames = folder.frames(label.id);
  if (settings.keep_frames) std::filesystem::create_directories(frames);
  std::optional<VideoWriter> writer;
  if (settings.mp4) writer.emplace(folder.media(label.id), format_of(latents, label, settings));

  if (latents.has_sound()) {
    const std::vector<float> sound =
        interleaved(decode_sound(*decoders.sound, latents.sound, frame_count(latents.video), label.fps));
    if (writer) writer->write_sound(sound);
    if (settings.keep_frames) write_wav(frames / "sound.wav", sound, kSoundChannels, kSoundRate);
  }
  const FrameSize size = frame_size(latents.video);
  std::int64_t index = 0;
  decode_video(*decoders.video, latents.video, [&](std::span<const std::uint8_t> rgb) {
    if (interrupted()) throw MediaInterrupted("the media of " + label.id + " were left unfinished");
    if (writer) writer->write(rgb);
    if (settings.keep_frames) write_png(folder.frame(label.id, index), size.width, size.height, rgb);
    ++index;
  });
  if (writer) writer->finish();

  std::vector<std::string> files;
  if (settings.mp4) files.push_back("media/" + label.id + ".mp4");
  if (settings.keep_frames) files.push_back("frames/" + label.id + "/");
  return files;
}

}  // namespace orrery
