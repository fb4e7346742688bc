#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>

#include "io/media/video_reader.h"

namespace orrery {

// The frames of a media file one after another, as the encoder takes them: fitted to height × width, in [-1, 1],
// float32 on the CPU. An image is rounded to 8 bits after resizing, as a condition image is; a video's frames are not
// (MODES.md A). Everything throws InputError that names the file.
class FrameFeed {
 public:
  FrameFeed(std::filesystem::path path, std::int64_t height, std::int64_t width);

  // Up to `count` further frames, (3, n, height, width); undefined when none is left.
  at::Tensor next(std::int64_t count);
  Fraction fps() const { return reader_.fps(); }

 private:
  std::filesystem::path path_;
  VideoReader reader_;
  std::int64_t height_;
  std::int64_t width_;
};

}  // namespace orrery
