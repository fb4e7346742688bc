#pragma once

#include <filesystem>
#include <memory>

#include "media/fraction.h"
#include "media/rgb_image.h"

namespace orrery {

// Reads the frames of a video one after another, in display order, with the file's rotation applied. All frames are
// given once, whatever their time stamps say. YUV follows the file's tags; without them a video of 720 lines or more is
// BT.709, a smaller one BT.601, both in limited range. An image is a video of one frame. Not for use by two threads at
// once.
//
// Everything throws InputError, one line that names the file, for what read_image refuses, and where the file is cut
// short or its frames change size.
class VideoReader {
 public:
  explicit VideoReader(const std::filesystem::path& path);
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;
  ~VideoReader();

  int width() const;     // pixels, after rotation
  int height() const;    // pixels, after rotation
  Fraction fps() const;  // the average; an image has FFmpeg's default of 25

  // Puts the next frame into `frame`. False after the last.
  bool next(RgbImage& frame);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orrery
