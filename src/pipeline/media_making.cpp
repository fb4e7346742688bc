#include "pipeline/media_making.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/parallel/device.h"
#include "io/media/video_format.h"

namespace orrery {
namespace {

// The clip's media are no longer wanted.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
};

std::int64_t sample_at(std::int64_t frame, double fps) {
  return static_cast<std::int64_t>(std::llround(static_cast<double>(frame) / fps * kSoundRate));
}

std::int64_t frames_of(const at::Tensor& video) { return WanConfig::frames(video.size(1)); }

// Floats when the overlap is kept, since the next part needs it unrounded.
FrameType type_for(const PartPlace& place) { return place.keeps_overlap ? FrameType::Floats : FrameType::Bytes; }

}  // namespace

at::Tensor decode_sound(const SoundDecoder& decoder, const at::Tensor& latent, std::int64_t frames, double fps) {
  const at::Tensor waveform = decoder(latent).to(at::kCPU);
  return waveform.narrow(1, 0, std::min(sample_at(frames, fps), waveform.size(1)));
}

void RootPart::attempt(const std::function<void()>& work) {
  if (failed()) return;
  try {
    work();
  } catch (const Interrupted&) {
    interrupted_ = true;
  } catch (const std::exception& e) {
    error_ = message_of(e);
  }
}

MediaOutcome RootPart::tell(const Comm& world, std::unique_ptr<ClipMediaFiles> files) const {
  MediaOutcome outcome{world.broadcast(error_), world.max(interrupted_ ? 1 : 0) == 1, nullptr};
  if (outcome.error.empty() && !outcome.interrupted) outcome.files = std::move(files);
  return outcome;
}

MediaMaking::MediaMaking(const MediaTools& tools, ClipLabel label, PictureSize size, bool sound,
                         std::function<bool()> interrupted)
    : tools_(tools), label_(std::move(label)), size_(size), sound_(sound), interrupted_(std::move(interrupted)) {}

bool MediaMaking::add(const MediaLatents& latents, const PartPlace& place) {
  tools_.one_decodes() ? decode_alone(latents, place) : decode_together(latents, place);
  return tools_.ranks.world().max(part_.failed() ? 1 : 0) == 0;
}

MediaOutcome MediaMaking::finish() { return part_.tell(tools_.ranks.world(), std::move(files_)); }

void MediaMaking::begin_part(const MediaLatents& latents, const PartPlace& place) {
  at_ = decoded_ = place.begin;
  overlap_.clear();
  require(!sound_ || tools_.decoders.sound != nullptr, "latents with sound, but no sound decoder was loaded");
  if (files_ == nullptr) {
    files_ = std::make_unique<ClipMediaFiles>(label_, size_, sound_, tools_.folder, tools_.settings, tools_.check);
  }
  if (!sound_) return;
  const at::Tensor waveform =
      decode_sound(*tools_.decoders.sound, latents.at(Stream::Sound), frames_of(latents.at(Stream::Video)), label_.fps);
  std::optional<std::int64_t> next;
  if (place.next) next = sample_at(*place.next, label_.fps);
  files_->write_sound(seams_.add(waveform, sample_at(place.begin, label_.fps), next));
}

at::Tensor MediaMaking::shown(const at::Tensor& decoded, const PartPlace& place) {
  if (!place.keeps_overlap) return decoded;
  decoded_ += decoded.size(0);
  const std::int64_t kept = std::clamp<std::int64_t>(decoded_ - place.next.value(), 0, decoded.size(0));
  if (kept > 0) overlap_.push_back(decoded.narrow(0, decoded.size(0) - kept, kept).to(at::kCPU));
  return to_bytes(decoded);
}

void MediaMaking::write(const at::Tensor& frames) {
  if (!frames.defined()) return;
  const std::int64_t old = std::clamp<std::int64_t>(shown_ - at_, 0, frames.size(0));
  if (old < frames.size(0)) files_->write_frames(frames.narrow(0, old, frames.size(0) - old));
  at_ += frames.size(0);
  shown_ = std::max(shown_, at_);
}

void MediaMaking::write_last(FrameDownload download, const PartPlace& place) {
  if (place.next) return write(download.next({}));
  files_->write_frames_at_end(std::move(download));
}

void MediaMaking::decode_alone(const MediaLatents& latents, const PartPlace& place) {
  tools_.ranks.world().from_root([&] {
    const AllCores all_cores;
    part_.attempt([&] {
      begin_part(latents, place);
      const at::Tensor& video = latents.at(Stream::Video);
      const auto decode = start_decode(VaeSplit::None, tools_.decoders.video, tools_.ranks, video.size(2),
                                       video.size(3), type_for(place));
      FrameDownload download;
      for (std::int64_t t = 0; t < video.size(1); ++t) {
        if (interrupted_()) throw Interrupted();
        write(download.next(shown(decode->next(video.select(1, t)), place)));
      }
      write_last(std::move(download), place);
    });
  });
}

void MediaMaking::decode_together(const MediaLatents& latents, const PartPlace& place) {
  const Comm& world = tools_.ranks.world();
  world.from_root([&] {
    const AllCores all_cores;
    part_.attempt([&] { begin_part(latents, place); });
  });
  const at::Tensor& video = latents.at(Stream::Video);
  const auto decode =
      start_decode(tools_.split, tools_.decoders.video, tools_.ranks, video.size(2), video.size(3), type_for(place));
  FrameDownload download;
  for (std::int64_t t = 0; t < video.size(1); ++t) {
    if (files_ != nullptr && interrupted_()) part_.interrupt();
    if (world.max(part_.failed() ? 1 : 0) != 0) break;
    const at::Tensor frames = decode->next(video.select(1, t));
    if (files_ != nullptr) part_.attempt([&] { write(download.next(shown(frames, place))); });
  }
  if (files_ != nullptr) part_.attempt([&] { write_last(std::move(download), place); });
}

}  // namespace orrery
