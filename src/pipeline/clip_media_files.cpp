#include "pipeline/clip_media_files.h"

#include <chrono>
#include <filesystem>
#include <span>
#include <utility>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/parallel/comm.h"
#include "io/media/made_from.h"
#include "io/media/picture_file.h"
#include "io/media/rgb_image.h"
#include "io/media/sound_files.h"

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

// Interleaves left and right samples, as files store them.
std::vector<float> interleaved(const at::Tensor& waveform) {
  const at::Tensor pairs = waveform.transpose(0, 1).contiguous();
  return {pairs.const_data_ptr<float>(), pairs.const_data_ptr<float>() + pairs.numel()};
}

// The number in "000123.png"; none for other names.
std::optional<std::int64_t> frame_number(const std::filesystem::path& file) {
  const std::string digits = file.stem().string();
  const bool is_number = !digits.empty() && digits.size() < 10 && digits.find_first_not_of("0123456789") == digits.npos;
  if (file.extension() != ".png" || !is_number) return std::nullopt;
  return std::stoll(digits);
}

// Removes earlier frames and sound that will not be overwritten.
void remove_surplus(const RunFolder& folder, const std::string& id, std::int64_t frames, bool sound) {
  std::vector<std::filesystem::path> surplus;
  for (const auto& entry : std::filesystem::directory_iterator(folder.frames(id))) {
    if (frame_number(entry.path()).value_or(0) >= frames) surplus.push_back(entry.path());
  }
  if (!sound) surplus.push_back(folder.sound(id));
  for (const std::filesystem::path& file : surplus) std::filesystem::remove(file);
}

// Interval at which to check whether the work is still wanted.
constexpr std::chrono::milliseconds kNap(20);

}  // namespace

ClipMediaFiles::ClipMediaFiles(const ClipLabel& label, PictureSize size, bool sound, const RunFolder& folder,
                               const MediaSettings& settings, MediaCheck check)
    : label_(label), size_(size), folder_(folder), settings_(settings), check_(std::move(check)), has_sound_(sound) {
  if (settings.keep_frames) {
    std::filesystem::create_directories(folder_.frames(label.id));
    remove_surplus(folder_, label.id, size.frames, sound);
  }
  if (is_picture()) return;
  if (settings.video == Media::Mp4) video_.emplace(folder_.media(label.id), format_of(label, size, sound, settings));
  if (settings.preview) sheet_.emplace(size.width, size.height, size.frames);
}

void ClipMediaFiles::write_sound(const at::Tensor& waveform) {
  const std::vector<float> sound = interleaved(waveform);
  if (video_) video_->write_sound(sound);
  if (settings_.keep_frames) sound_.insert(sound_.end(), sound.begin(), sound.end());
}

void ClipMediaFiles::write_frames(const at::Tensor& rgb) {
  const auto bytes = static_cast<std::size_t>(rgb.size(1) * rgb.size(2) * 3);
  for (std::int64_t i = 0; i < rgb.size(0); ++i) {
    const std::span<const std::uint8_t> frame(rgb[i].const_data_ptr<std::uint8_t>(), bytes);
    if (is_picture()) picture_.assign(frame.begin(), frame.end());
    if (video_) video_->write(frame);
    if (sheet_) sheet_->add(frame);
    if (settings_.keep_frames)
      write_png(folder_.frame(label_.id, frames_), size_.width, size_.height, frame, label_.latents);
    ++frames_;
  }
}

void ClipMediaFiles::write_frames_at_end(FrameDownload last) { last_frames_.emplace(std::move(last)); }

void ClipMediaFiles::finish_after(std::future<void> saving) { saving_ = std::move(saving); }

void ClipMediaFiles::wait_for_parts() {
  try {
    if (saving_.valid()) saving_.get();
  } catch (const std::exception& e) {
    throw LatentsNotSaved(message_of(e));
  }
  if (!last_frames_) return;
  const at::Tensor frames = last_frames_->next({});
  if (frames.defined()) write_frames(frames);
  last_frames_.reset();
}

void ClipMediaFiles::write_picture(const FileCheck& check) const {
  const PictureTexts texts{
      {"prompt", label_.prompt}, {"seed", label_.seed}, {"model", label_.model}, {"version", label_.version}};
  write_file(folder_.picture(label_.id, settings_.picture),
             encode_picture(settings_.picture, size_.width, size_.height, picture_, texts, label_.latents), check);
}

void ClipMediaFiles::give_up() {
  given_up_ = true;
  if (video_) video_->give_up();
}

std::vector<std::string> ClipMediaFiles::finish() {
  wait_for_parts();
  FileCheck check;
  if (check_) {
    check = [this](const std::filesystem::path& file) { check_(label_.id, file, [this] { return given_up_.load(); }); };
  }
  std::vector<std::string> files;
  if (video_) {
    video_->finish(check, {{kMadeFromKey, label_.latents}});
    files.push_back("media/" + label_.id + ".mp4");
  }
  if (is_picture() && settings_.video == Media::Mp4) {
    write_picture(check);
    files.push_back("media/" + folder_.picture(label_.id, settings_.picture).filename().string());
  }
  if (sheet_) {
    const RgbImage& picture = sheet_->picture();
    write_png(folder_.preview(label_.id), picture.width, picture.height, picture.rgb, label_.latents);
    files.push_back("media/" + label_.id + ".png");
  }
  if (settings_.keep_frames && has_sound_) {
    write_wav(folder_.sound(label_.id), sound_, kSoundChannels, kSoundRate, label_.latents);
  }
  if (settings_.keep_frames) files.push_back("frames/" + label_.id + "/");
  return files;
}

MediaBacklog::~MediaBacklog() {
  if (files_ != nullptr) files_->give_up();  // the future's destructor then waits only briefly
}

void MediaBacklog::start(std::unique_ptr<ClipMediaFiles> files) {
  require(files_ == nullptr, "a clip's files are being finished already");
  files_ = std::move(files);
  finished_ = std::async(std::launch::async, [&finishing = *files_] { return finishing.finish(); });
}

bool MediaBacklog::ready() const { return finished_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }

MediaEnd MediaBacklog::wait(const std::function<bool()>& give_up) {
  MediaEnd end;
  while (finished_.wait_for(kNap) != std::future_status::ready) {
    if (end.given_up || !give_up()) continue;
    end.given_up = true;
    files_->give_up();
  }
  try {
    end.files = finished_.get();
    end.given_up = false;  // the request to give up came too late
  } catch (const LatentsNotSaved& e) {
    end.unsaved = true;
    end.given_up = false;
    end.error = e.what();
  } catch (const ClipRefused& e) {
    end.refused = true;
    end.given_up = false;
    end.error = e.what();
  } catch (const std::exception& e) {
    if (!end.given_up) end.error = message_of(e);
  }
  files_.reset();
  return end;
}

}  // namespace orrery
