#include "pipeline/clip_media_files.h"

#include <filesystem>
#include <span>

#include "media/png_writer.h"
#include "media/wav_writer.h"

namespace orrery {
namespace {

VideoFormat format_of(const ClipLabel& label, PictureSize size, bool sound, const MediaSettings& settings) {
  VideoFormat format;
  format.width = size.width;
  format.height = size.height;
  format.fps = fps_fraction(label.fps);
  format.crf = settings.crf;
  format.threads = settings.encoder_threads;
  format.sound = sound;
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

ClipMediaFiles::ClipMediaFiles(const ClipLabel& label, PictureSize size, bool sound, const RunFolder& folder,
                               const MediaSettings& settings)
    : id_(label.id), size_(size), folder_(folder), keep_frames_(settings.keep_frames) {
  if (keep_frames_) std::filesystem::create_directories(folder_.frames(id_));
  if (settings.mp4) video_.emplace(folder_.media(id_), format_of(label, size, sound, settings));
  if (settings.preview) sheet_.emplace(size.width, size.height, size.frames);
}

void ClipMediaFiles::write_sound(const at::Tensor& waveform) {
  const std::vector<float> sound = interleaved(waveform);
  if (video_) video_->write_sound(sound);
  if (keep_frames_) write_wav(folder_.frames(id_) / "sound.wav", sound, kSoundChannels, kSoundRate);
}

void ClipMediaFiles::write_frames(const at::Tensor& rgb) {
  const auto bytes = static_cast<std::size_t>(rgb.size(1) * rgb.size(2) * 3);
  for (std::int64_t i = 0; i < rgb.size(0); ++i) {
    const std::span<const std::uint8_t> frame(rgb[i].const_data_ptr<std::uint8_t>(), bytes);
    if (video_) video_->write(frame);
    if (sheet_) sheet_->add(frame);
    if (keep_frames_) write_png(folder_.frame(id_, frames_), size_.width, size_.height, frame);
    ++frames_;
  }
}

void ClipMediaFiles::give_up() {
  if (video_) video_->give_up();
}

std::vector<std::string> ClipMediaFiles::finish() {
  std::vector<std::string> files;
  if (video_) {
    video_->finish();
    files.push_back("media/" + id_ + ".mp4");
  }
  if (sheet_) {
    const RgbImage& picture = sheet_->picture();
    write_png(folder_.preview(id_), picture.width, picture.height, picture.rgb);
    files.push_back("media/" + id_ + ".png");
  }
  if (keep_frames_) files.push_back("frames/" + id_ + "/");
  return files;
}

}  // namespace orrery
