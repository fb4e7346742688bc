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

// Reads a picture as a viewer shows it: PNG, JPEG, WebP, TIFF, HEIC, AVIF, TGA, BMP and what else FFmpeg decodes (the
// content decides, not the name), or the first frame of an animation or a video. Orientation, colour profiles, wide
// gamuts, high dynamic range (ColourMap) and pixels that are not square are applied; transparent pixels are over white.
// 16 bits a channel are rounded to 8. YUV follows the file's tags; without them images are BT.601, videos what
// VideoReader says. Damaged comments and the like are passed over.
//
// Throws InputError, one line that names the file: missing, a folder, empty, no picture, damaged or cut short, more
// than 2^26 pixels; an animated WebP, interlaced frames, CMYK with a profile, and other pictures that would be shown
// wrong.
RgbImage read_image(const std::filesystem::path& path);

// Why read_image and VideoReader would refuse a file, as far as its beginning shows: "FILE: REASON"; "" where the
// beginning is that of an image or a video. Decodes nothing: reads the first bytes of a picture, and the header and the
// index of a video.
std::string media_problem(const std::filesystem::path& path);

// What the header of a video says; none of a still picture. Decodes no frame of it. Throws InputError that names the
// file where media_problem() finds something, and where there is no frame rate.
std::optional<VideoFacts> video_facts(const std::filesystem::path& path);

// A picture and when it is shown, in ticks of a constant frame rate: from `begin` to the next picture's `begin`; the
// last picture until `end`.
struct TimedImage {
  RgbImage image;
  std::int64_t begin = 0;
  std::int64_t end = 1;  // more than begin
};

// Converts a variable frame rate to a constant one: each tick gets the last picture that has begun.
class EvenFrames {
 public:
  using Source = std::function<std::optional<TimedImage>()>;  // in order of `begin`, the first at 0

  explicit EvenFrames(Source source) : source_(std::move(source)), ahead_(source_()) {}

  // Whether there was no picture at all. Otherwise first() is the first one, until next() is called.
  bool empty() const { return !ahead_ && !shown_; }
  const RgbImage& first() const { return ahead_->image; }

  // Puts the next tick's picture into `frame`. False after the last.
  bool next(RgbImage& frame);

 private:
  Source source_;
  std::int64_t tick_ = 0;
  std::optional<TimedImage> shown_;
  std::optional<TimedImage> ahead_;  // begins later than the tick before the next
};

// Reads the frames of a video one after another as a player shows them, at the constant rate fps(): each tick has the
// last frame that has begun, so that frames of a variable rate are repeated or left out. Rotation, colours, alpha and
// the pixels' shape as read_image has them. YUV follows the file's tags; without them a video of more than 576 lines or
// at least 1280 columns is BT.709, a smaller one BT.601, both in limited range. An image is a video of one frame. Not
// for use by two threads at once.
//
// Everything throws InputError, one line that names the file, for what read_image refuses, and where the file is cut
// short, its frames change size, or one is shown for more than a minute.
class VideoReader {
 public:
  explicit VideoReader(const std::filesystem::path& path);
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;
  ~VideoReader();

  int width() const;      // pixels, after rotation
  int height() const;     // pixels, after rotation
  Fraction fps() const;   // of what next() gives; an image has FFmpeg's default of 25
  bool is_image() const;  // a still picture, not a video of one frame

  // Puts the next frame into `frame`. False after the last.
  bool next(RgbImage& frame);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The last `count` (positive) frames of a video as VideoReader gives them, oldest first; all frames of a shorter one.
// Reads the whole file, and holds `count` + 1 frames at most. Throws InputError that names the file for what
// VideoReader refuses.
std::vector<RgbImage> read_last_frames(const std::filesystem::path& path, std::size_t count);

}  // namespace orrery
