#include "io/media/media_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/core/error.h"
#include "io/media/frame_source.h"
#include "io/media/media_input.h"
#include "io/media/shown_picture.h"
#include "io/media/still.h"

namespace orrery {
namespace {

constexpr double kLongestPicture = 60;  // seconds

// The frames of a file with the ticks at which they are shown, counted from the first frame.
class TimedFrames {
 public:
  explicit TimedFrames(const std::filesystem::path& path)
      : path_(path.string()), source_(path), converter_(source_.untagged()), fps_(source_.fps()) {}

  Fraction fps() const { return fps_; }
  bool is_image() const { return source_.is_image(); }

  std::optional<TimedImage> next() {
    const AVFrame* frame = source_.next();
    if (frame == nullptr) return std::nullopt;
    TimedImage timed;
    timed.begin = begin_of(*frame);
    require_short(timed.begin - previous_);
    const std::int64_t length = std::max<std::int64_t>(1, ticks(frame->pkt_duration));
    require_short(length);
    timed.end = timed.begin + length;
    previous_ = timed.begin;
    timed.image = with_file_name(path_, [&] { return shown_frame(*frame, source_, converter_); });
    return timed;
  }

 private:
  // Rounds to the nearest tick, so that rounded time stamps (for example in milliseconds) get one tick each. A frame
  // without a time stamp gets the tick after the previous frame.
  std::int64_t begin_of(const AVFrame& frame) {
    const std::int64_t time = frame.best_effort_timestamp;
    if (!first_time_) {
      first_time_ = time;
      return 0;
    }
    if (time == AV_NOPTS_VALUE || *first_time_ == AV_NOPTS_VALUE) return previous_ + 1;
    std::int64_t since_first = 0;
    require_input(!__builtin_sub_overflow(time, *first_time_, &since_first),
                  fmt::format("{}: its frames' times differ by {} - {}: they are damaged", path_, time, *first_time_));
    return std::max(previous_, ticks(since_first));
  }

  std::int64_t ticks(std::int64_t duration) const {
    return av_rescale_q_rnd(duration, source_.stream().time_base, {fps_.denominator, fps_.numerator},
                            AV_ROUND_NEAR_INF);
  }

  void require_short(std::int64_t length) const {
    const double seconds = static_cast<double>(length) * fps_.denominator / fps_.numerator;
    require_input(
        seconds <= kLongestPicture,
        fmt::format("{}: a frame is shown for {:f} seconds, expected at most {:f}", path_, seconds, kLongestPicture));
  }

  std::string path_;
  FrameSource source_;
  RgbConverter converter_;
  Fraction fps_;
  std::optional<std::int64_t> first_time_;
  std::int64_t previous_ = 0;  // tick
};

// The message with which read() refuses a file that is no still picture; "" when it does not.
template <class Read>
std::string problem_of(const std::filesystem::path& path, const Read& read) {
  try {
    if (!begins_as_still(path)) read();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

RgbImage read_image(const std::filesystem::path& path) {
  if (std::optional<Still> still = read_still(path, /*animations=*/false)) return shown_still(std::move(*still), path);
  FrameSource source(path);
  const AVFrame* frame = source.next();
  require_input(frame != nullptr, path.string() + ": has no picture");
  // Some decoders report damage only in the log and return a partial picture.
  const std::string complaint = ffmpeg::take_log_line();
  require_input(complaint.empty(), path.string() + ": damaged or cut short: " + complaint);
  return with_file_name(path.string(), [&] {
    RgbConverter converter(source.untagged());
    return shown_frame(*frame, source, converter);
  });
}

std::string image_problem(const std::filesystem::path& path) {
  return problem_of(path, [&] { read_image(path); });
}

std::string video_problem(const std::filesystem::path& path) {
  return problem_of(path, [&] { const VideoReader first_frame(path); });
}

std::optional<VideoFacts> video_facts(const std::filesystem::path& path) {
  if (begins_as_still(path)) return std::nullopt;
  const FrameSource source(path);
  if (source.is_image()) return std::nullopt;
  return source.facts();
}

bool EvenFrames::next(RgbImage& frame) {
  while (ahead_ && ahead_->begin <= tick_) {
    shown_ = std::move(ahead_);
    ahead_ = source_();
  }
  const std::int64_t end = ahead_ ? ahead_->begin : shown_ ? shown_->end : 0;
  if (tick_ >= end) return false;
  ++tick_;
  if (tick_ < end) {
    frame = shown_->image;
  } else {
    frame = std::move(shown_->image);
  }
  return true;
}

class VideoReader::Impl {
 public:
  explicit Impl(const std::filesystem::path& path) : path_(path.string()), frames_(source_of(path)) {
    require_input(!frames_.empty(), path_ + ": has no picture");
    width_ = frames_.first().width;
    height_ = frames_.first().height;
  }

  int width() const { return width_; }
  int height() const { return height_; }
  Fraction fps() const { return fps_; }
  bool is_image() const { return image_; }

  bool next(RgbImage& frame) {
    RgbImage image;
    if (!frames_.next(image)) return false;
    require_input(image.width == width_ && image.height == height_,
                  fmt::format("{}: a frame has {}x{} pixels, the first had {}x{}", path_, image.width, image.height,
                              width_, height_));
    frame = std::move(image);
    return true;
  }

 private:
  EvenFrames::Source source_of(const std::filesystem::path& path) {
    if (std::optional<Still> still = read_still(path, /*animations=*/true)) {
      image_ = true;
      return [image = std::optional(TimedImage{shown_still(std::move(*still), path)})]() mutable {
        return std::exchange(image, std::nullopt);
      };
    }
    const auto frames = std::make_shared<TimedFrames>(path);
    fps_ = frames->fps();
    image_ = frames->is_image();
    return [frames] { return frames->next(); };
  }

  std::string path_;
  Fraction fps_{25, 1};  // FFmpeg's default for images
  bool image_ = false;
  EvenFrames frames_;
  int width_ = 0;  // size of the first frame after rotation, which the header does not tell
  int height_ = 0;
};

VideoReader::VideoReader(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {}
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;
VideoReader::~VideoReader() = default;

int VideoReader::width() const { return impl_->width(); }
int VideoReader::height() const { return impl_->height(); }
Fraction VideoReader::fps() const { return impl_->fps(); }
bool VideoReader::is_image() const { return impl_->is_image(); }
bool VideoReader::next(RgbImage& frame) { return impl_->next(frame); }

std::vector<RgbImage> read_last_frames(const std::filesystem::path& path, std::size_t count) {
  require(count > 0, "the last frames of a video: expected a positive number of them");
  VideoReader reader(path);
  std::vector<RgbImage> ring;
  std::size_t oldest = 0;
  for (RgbImage frame; reader.next(frame);) {
    if (ring.size() < count) {
      ring.push_back(std::move(frame));
    } else {
      std::swap(ring[oldest], frame);
      oldest = (oldest + 1) % count;
    }
  }
  std::rotate(ring.begin(), ring.begin() + static_cast<std::ptrdiff_t>(oldest), ring.end());
  return ring;
}

}  // namespace orrery
