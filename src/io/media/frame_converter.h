#pragma once

#include <cstdint>
#include <span>

#include "io/media/ffmpeg.h"

namespace orrery {

// Full-range RGB to limited-range BT.709 yuv420p with the chroma sited left, as H.264 assumes.
class FrameConverter {
 public:
  FrameConverter(int width, int height);  // pixels, even; throws Error

  // `rgb` is height × width × 3 bytes. The frame is the converter's own and valid until the next call, except that an
  // encoder may keep a reference. Throws Error.
  AVFrame* convert(std::span<const std::uint8_t> rgb);

 private:
  int width_;
  int height_;
  ffmpeg::Scaler scaler_;
  ffmpeg::Frame frame_;
};

}  // namespace orrery
