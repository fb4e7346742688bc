#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/media/rgb_image.h"
#include "io/media/video_format.h"

namespace orrery {

// Reads a picture as a viewer shows it: PNG, JPEG, WebP, TIFF, HEIC, AVIF, TGA, BMP and others that FFmpeg decodes (the
// content decides, not the name), or the first frame of an animation or video. Applies orientation, colour profiles,
// wide gamuts, high dynamic range (ColourMap) and non-square pixels; blends transparent pixels with white; rounds
// 16-bit channels to 8 bits. YUV follows the file's tags; without tags, images are BT.601 and videos as VideoReader
// says. Damaged metadata such as comments is ignored.
//
// Throws a one-line InputError that names the file when it is missing, a folder, empty, not a picture, damaged, cut
// short or larger than 2^26 pixels, and for pictures that would be shown wrong: an animated WebP, interlaced frames,
// CMYK with a profile, and others.
RgbImage read_image(const std::filesystem::path& path);

// Why read_image (of an image) or VideoReader (of a video) would refuse a file, as far as its beginning tells: "FILE:
// REASON", or "" when nothing is wrong there. Both take any media file, as their readers do. Of a still picture, only
// the first bytes are read; of a video, the header, the index and the first frame, by the reader itself.
std::string image_problem(const std::filesystem::path& path);
std::string video_problem(const std::filesystem::path& path);

// The facts in a video's header; none for a still picture. Decodes no frame. Throws InputError that names the file when
// it has no header of a video, or there is no frame rate.
std::optional<VideoFacts> video_facts(const std::filesystem::path& path);

// A picture and the time when it is shown, in ticks of a constant frame rate: from `begin` to the `begin` of the next
// picture, or to `end` for the last one.
struct TimedImage {
  RgbImage image;
  std::int64_t begin = 0;
  std::int64_t end = 1;  // more than begin
};

// Converts a variable frame rate to a constant one: each tick gets the latest picture that has begun.
class EvenFrames {
 public:
  using Source = std::function<std::optional<TimedImage>()>;  // in order of `begin`, the first at 0

  explicit EvenFrames(Source source) : source_(std::move(source)), ahead_(source_()) {}

  // Whether there is no picture at all. If not, first() is the first picture, until next() is called.
  bool empty() const { return !ahead_ && !shown_; }
  const RgbImage& first() const { return ahead_->image; }

  // Puts the next tick's picture into `frame`; returns false after the last tick.
  bool next(RgbImage& frame);

 private:
  Source source_;
  std::int64_t tick_ = 0;
  std::optional<TimedImage> shown_;
  std::optional<TimedImage> ahead_;  // the next picture, which begins after the previous tick
};

// Reads the frames of a video one after another as a player shows them, at the constant rate fps(): each tick has the
// latest frame that has begun, so that frames of a variable rate are repeated or dropped. Rotation, colours, alpha and
// pixel shape are handled as by read_image. YUV follows the file's tags; without tags, a video of more than 576 lines
// or at least 1280 columns is BT.709, a smaller one BT.601, both in limited range. An image is a video of one frame.
// Not thread-safe.
//
// All members throw a one-line InputError that names the file for everything that read_image refuses, and when the file
// is cut short, its frames change size, or a frame is shown for more than a minute.
class VideoReader {
 public:
  explicit VideoReader(const std::filesystem::path& path);
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;
  ~VideoReader();

  int width() const;      // pixels, after rotation
  int height() const;     // pixels, after rotation
  Fraction fps() const;   // the rate of next(); FFmpeg's default of 25 for an image
  bool is_image() const;  // a still picture, not a video of one frame

  // Puts the next frame into `frame`; returns false after the last one.
  bool next(RgbImage& frame);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads the last `count` (positive) frames of a video as VideoReader does, oldest first, or all frames of a shorter
// video. Reads the whole file and keeps at most `count` + 1 frames. Throws InputError like VideoReader.
std::vector<RgbImage> read_last_frames(const std::filesystem::path& path, std::size_t count);

}  // namespace orrery
