#pragma once

#include "media/ffmpeg.h"
#include "media/rgb_image.h"
#include "media/scaler.h"

namespace orrery {

// What a picture is taken for where its tags say nothing.
enum class Untagged { Image, Video };

// Turns decoded frames into RGB: RGB, grey and palettes exactly (rounded to 8 bits, alpha dropped), anything else with
// the matrix, range and chroma position that the frame's tags name.
class RgbConverter {
 public:
  explicit RgbConverter(Untagged untagged) : untagged_(untagged) {}

  RgbImage convert(const AVFrame& frame);  // throws Error

 private:
  RgbImage from_yuv(const AVFrame& frame);

  Untagged untagged_;
  int width_ = 0;
  int height_ = 0;
  PixelLayout layout_;  // that scaler_ was made for
  ffmpeg::Scaler scaler_;
  ffmpeg::Frame rgb_;
};

}  // namespace orrery
