#include "pipeline/clip_media.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/parallel/device.h"
#include "io/media/video_format.h"
#include "pipeline/root_work.h"
#include "pipeline/video_decode.h"

namespace orrery {
namespace {

// Nobody wants the clip's media any more.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
};

// What rank 0 does beside decoding. After the first failure it does nothing more, until all ranks know of it.
class RootPart {
 public:
  template <class Work>
  void attempt(Work&& work) {
    if (failed()) return;
    try {
      work();
    } catch (const Interrupted&) {
      interrupted_ = true;
    } catch (const std::exception& e) {
      error_ = message_of(e);
    }
  }
  bool failed() const { return interrupted_ || !error_.empty(); }
  // What became of it, on every rank; `files` when all went well. Collective over `world`.
  MediaOutcome tell(const Comm& world, std::unique_ptr<ClipMediaFiles> files) const {
    MediaOutcome outcome{world.broadcast(error_), world.max(interrupted_ ? 1 : 0) == 1, nullptr};
    if (outcome.error.empty() && !outcome.interrupted) outcome.files = std::move(files);
    return outcome;
  }

 private:
  std::string error_;
  bool interrupted_ = false;
};

std::int64_t frame_count(const at::Tensor& latent) { return (latent.size(1) - 1) * WanConfig::kTemporalFactor + 1; }

PictureSize picture_size(const at::Tensor& latent) {
  return {static_cast<int>(latent.size(3) * WanConfig::kSpatialFactor),
          static_cast<int>(latent.size(2) * WanConfig::kSpatialFactor), frame_count(latent)};
}

void write(ClipMediaFiles& files, const at::Tensor& frames) {
  if (frames.defined()) files.write_frames(frames);
}

}  // namespace

at::Tensor decode_sound(const SoundDecoder& decoder, const at::Tensor& latent, std::int64_t frames, double fps) {
  const at::Tensor waveform = decoder(latent).to(at::kCPU);
  const auto samples = static_cast<std::int64_t>(std::llround(static_cast<double>(frames) / fps * kSoundRate));
  return waveform.narrow(1, 0, std::min(samples, waveform.size(1)));
}

std::unique_ptr<ClipMediaFiles> MediaMaker::begin(const MediaLatents& latents, const ClipLabel& label) const {
  const at::Tensor& video = latents.at(Stream::Video);
  const auto sound = latents.find(Stream::Sound);
  const bool has_sound = sound != latents.end();
  require(!has_sound || decoders_.sound != nullptr, "latents with sound, but no sound decoder was loaded");
  auto files = std::make_unique<ClipMediaFiles>(label, picture_size(video), has_sound, folder_, settings_, check_);
  if (has_sound) files->write_sound(decode_sound(*decoders_.sound, sound->second, frame_count(video), label.fps));
  return files;
}

MediaOutcome MediaMaker::alone(const MediaLatents& latents, const ClipLabel& label,
                               const std::function<bool()>& interrupted) {
  std::unique_ptr<ClipMediaFiles> files;
  RootPart part;
  ranks_.world().from_root([&] {
    const AllCores all_cores;
    part.attempt([&] {
      files = begin(latents, label);
      const at::Tensor& video = latents.at(Stream::Video);
      const auto decode = start_decode(VaeSplit::None, decoders_.video, ranks_, video.size(2), video.size(3));
      FrameDownload download;
      for (std::int64_t t = 0; t < video.size(1); ++t) {
        if (interrupted()) throw Interrupted();
        write(*files, download.next(decode->next(video.select(1, t))));
      }
      files->write_frames_at_end(std::move(download));
    });
  });
  return part.tell(ranks_.world(), std::move(files));
}

MediaOutcome MediaMaker::together(const MediaLatents& latents, const ClipLabel& label,
                                  const std::function<bool()>& interrupted) {
  const Comm& world = ranks_.world();
  std::unique_ptr<ClipMediaFiles> files;
  RootPart part;
  world.from_root([&] {
    const AllCores all_cores;
    part.attempt([&] { files = begin(latents, label); });
  });
  const at::Tensor& video = latents.at(Stream::Video);
  const auto decode = start_decode(split_, decoders_.video, ranks_, video.size(2), video.size(3));
  FrameDownload download;
  for (std::int64_t t = 0; t < video.size(1); ++t) {
    if (files != nullptr && interrupted()) part.attempt([] { throw Interrupted(); });
    if (world.max(part.failed() ? 1 : 0) != 0) break;
    const at::Tensor frames = decode->next(video.select(1, t));
    if (files != nullptr) part.attempt([&] { write(*files, download.next(frames)); });
  }
  if (files != nullptr) files->write_frames_at_end(std::move(download));
  return part.tell(world, std::move(files));
}

MediaOutcome MediaMaker::operator()(const MediaLatents& latents, const ClipLabel& label,
                                    const std::function<bool()>& interrupted) {
  return one_decodes() ? alone(latents, label, interrupted) : together(latents, label, interrupted);
}

at::Tensor MediaMaker::decode_last(const at::Tensor& latents, std::int64_t count, VaeSplit split) {
  const auto decode = start_decode(split, decoders_.video, ranks_, latents.size(2), latents.size(3), FrameType::Floats);
  const std::int64_t frames = frame_count(latents);
  std::vector<at::Tensor> last;
  for (std::int64_t t = 0; t < latents.size(1); ++t) {
    const at::Tensor decoded = decode->next(latents.select(1, t));
    const std::int64_t frames_until = t * WanConfig::kTemporalFactor + 1;
    if (decoded.defined() && frames_until > frames - count) last.push_back(decoded.to(at::kCPU));
  }
  if (last.empty()) return {};
  const at::Tensor all = at::cat(last, 0);
  const std::int64_t kept = std::min(count, all.size(0));
  return all.narrow(0, all.size(0) - kept, kept).contiguous();
}

at::Tensor MediaMaker::last_frames(const at::Tensor& latents, std::int64_t count) {
  if (!one_decodes()) return decode_last(latents, count, VaeSplit::Exact);
  at::Tensor frames;
  on_root(ranks_.world(), [&] { frames = decode_last(latents, count, VaeSplit::None); });
  return frames;
}

}  // namespace orrery
