#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "io/media/rgb_image.h"
#include "io/media/video_format.h"

namespace orrery {

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
