#include "io/media/video_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/pulse.h"
#include "io/media/bounded_queue.h"
#include "io/media/mp4_encoder.h"

namespace orrery {
namespace {

// Padding of a frame, since libswscale reads some bytes beyond its last pixel.
constexpr std::size_t kReadAhead = 64;

const VideoFormat& checked(const VideoFormat& format) {
  const auto even = [](int extent) { return extent > 0 && extent % 2 == 0; };
  require_input(
      even(format.width) && even(format.height),
      fmt::format("a video of {}x{} pixels cannot be written: both must be even", format.width, format.height));
  // crf 0 would be lossless H.264, whose special profile most players show as black.
  require_input(format.crf >= 1 && format.crf <= 51, fmt::format("crf is {}, expected 1 to 51", format.crf));
  require_input(format.threads >= 0, fmt::format("encoder threads: {}, expected 0 or more", format.threads));
  require_input(format.fps.numerator > 0 && format.fps.denominator > 0,
                fmt::format("frames a second: {}/{}, expected a positive fraction", format.fps.numerator,
                            format.fps.denominator));
  return format;
}

}  // namespace

class VideoWriter::Impl {
 public:
  Impl(const std::filesystem::path& path, const VideoFormat& format)
      : path_(path.string()),
        frame_bytes_(3 * static_cast<std::size_t>(format.width) * static_cast<std::size_t>(format.height)),
        sound_wanted_(format.sound),
        file_(path),
        encoder_(file_.path(), format),
        worker_([this] { encode_all(); }) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    frames_.abandon();
    join();
  }

  void write(std::span<const std::uint8_t> rgb) {
    require(worker_.joinable(), path_ + ": no frame can follow the end of the video");
    require(rgb.size() == frame_bytes_,
            fmt::format("{}: a frame has {} bytes, expected {}", path_, rgb.size(), frame_bytes_));
    any_frame_ = true;
    std::vector<std::uint8_t> frame;
    frame.reserve(rgb.size() + kReadAhead);
    frame.assign(rgb.begin(), rgb.end());
    if (!frames_.push(std::move(frame))) join_or_throw();
  }

  void write_sound(std::span<const float> interleaved) {
    require(worker_.joinable(), path_ + ": no sound can follow the end of the video");
    require(sound_wanted_, path_ + ": sound was given for a video without a sound track");
    require(interleaved.size() % kSoundChannels == 0,
            fmt::format("{}: {} samples of sound do not divide into two channels", path_, interleaved.size()));
    require(std::all_of(interleaved.begin(), interleaved.end(), [](float x) { return std::isfinite(x); }),
            path_ + ": the sound has samples that are not finite");
    const std::lock_guard lock(sound_mutex_);
    sound_.insert(sound_.end(), interleaved.begin(), interleaved.end());
  }

  void give_up() {
    given_up_ = true;
    frames_.abandon();
  }

  void finish(const FileCheck& check, const VideoMetadata& more) {
    require(worker_.joinable(), path_ + ": the video has ended already");
    frames_.close();
    join_or_throw();
    require(!given_up_, path_ + ": the video was given up");
    require(any_frame_, path_ + ": a video needs a frame");
    if (sound_wanted_) encoder_.finish_sound(std::span(sound_).subspan(encoded_sound_));
    encoder_.finish(more);
    if (check) check(file_.path());
    file_.commit();
  }

 private:
  void encode_all() noexcept {
    try {
      while (const auto frame = frames_.pop()) {
        encoder_.encode(*frame);
        if (sound_wanted_) encode_sound();
        beat();
      }
    } catch (...) {
      error_ = std::current_exception();
      frames_.abandon();
    }
  }

  // Encodes the available sound up to this frame, so that pictures and sound do not pile up in memory.
  void encode_sound() {
    const std::lock_guard lock(sound_mutex_);
    encoded_sound_ += encoder_.encode_sound(std::span(sound_).subspan(encoded_sound_));
    if (encoded_sound_ * 2 < sound_.size()) return;
    sound_.erase(sound_.begin(), sound_.begin() + static_cast<std::ptrdiff_t>(encoded_sound_));
    encoded_sound_ = 0;
  }

  void join() {
    if (worker_.joinable()) worker_.join();
  }

  void join_or_throw() {
    join();
    if (error_) std::rethrow_exception(error_);
  }

  std::string path_;
  std::size_t frame_bytes_;
  bool any_frame_ = false;
  bool sound_wanted_;
  std::mutex sound_mutex_;
  std::vector<float> sound_;       // sound that waits for its frames
  std::size_t encoded_sound_ = 0;  // encoded values at the front of sound_
  PendingFile file_;
  Mp4Encoder encoder_;
  std::atomic<bool> given_up_ = false;
  BoundedQueue<std::vector<std::uint8_t>> frames_{std::max(kQueuedFrames, kQueuedBytes / frame_bytes_)};
  std::exception_ptr error_;  // written by the worker before it ends, read after the join
  std::thread worker_;        // must be last: it uses the other members
};

VideoWriter::VideoWriter(const std::filesystem::path& path, const VideoFormat& format) {
  ffmpeg::set_up();
  impl_ = std::make_unique<Impl>(path, checked(format));
}
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;
VideoWriter& VideoWriter::operator=(VideoWriter&&) noexcept = default;
VideoWriter::~VideoWriter() = default;

void VideoWriter::write(std::span<const std::uint8_t> rgb) { impl_->write(rgb); }
void VideoWriter::write_sound(std::span<const float> interleaved) { impl_->write_sound(interleaved); }
void VideoWriter::finish(const FileCheck& check, const VideoMetadata& more) { impl_->finish(check, more); }
void VideoWriter::give_up() { impl_->give_up(); }

}  // namespace orrery
