#include "media/video_reader.h"

#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "media/frame_source.h"
#include "media/orientation.h"
#include "media/rgb_converter.h"

namespace orrery {

class VideoReader::Impl {
 public:
  explicit Impl(const std::filesystem::path& path)
      : path_(path.string()), source_(path), converter_(source_.untagged()), waiting_(decode()) {
    require_input(waiting_.has_value(), path_ + ": has no picture");
    width_ = waiting_->width;
    height_ = waiting_->height;
  }

  int width() const { return width_; }
  int height() const { return height_; }
  Fraction fps() const { return source_.fps(); }

  bool next(RgbImage& frame) {
    std::optional<RgbImage> image = waiting_ ? std::exchange(waiting_, std::nullopt) : decode();
    if (!image) return false;
    require_input(image->width == width_ && image->height == height_,
                  path_ + ": a frame has " + std::to_string(image->width) + "x" + std::to_string(image->height) +
                      " pixels, the first had " + std::to_string(width_) + "x" + std::to_string(height_));
    frame = std::move(*image);
    return true;
  }

 private:
  std::optional<RgbImage> decode() {
    const AVFrame* frame = source_.next();
    if (frame == nullptr) return std::nullopt;
    return orient(converter_.convert(*frame), display_matrix(*frame, source_.stream()));
  }

  std::string path_;
  FrameSource source_;
  RgbConverter converter_;
  std::optional<RgbImage> waiting_;  // the first frame: the size after rotation is known from it alone
  int width_ = 0;
  int height_ = 0;
};

VideoReader::VideoReader(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {}
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;
VideoReader::~VideoReader() = default;

int VideoReader::width() const { return impl_->width(); }
int VideoReader::height() const { return impl_->height(); }
Fraction VideoReader::fps() const { return impl_->fps(); }
bool VideoReader::next(RgbImage& frame) { return impl_->next(frame); }

}  // namespace orrery
