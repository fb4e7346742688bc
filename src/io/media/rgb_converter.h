#pragma once

#include <optional>

#include "io/media/colours.h"
#include "io/media/ffmpeg.h"
#include "io/media/frame_pixels.h"
#include "io/media/rgb_image.h"

namespace orrery {

// What a picture is taken for where its tags say nothing.
enum class Untagged { Image, Video };

// Turns decoded frames into sRGB: RGB, grey and palettes exactly (rounded to 8 bits), anything else with the matrix,
// range and chroma position that the frame's tags name; wide gamuts and high dynamic range as ColourMap says;
// transparent pixels over white. Subsampled chroma is interpolated linearly; without a tag it lies in the middle of its
// pixels in an image, and at their left in a video (ITU-T H.264 E.2.1).
class RgbConverter {
 public:
  explicit RgbConverter(Untagged untagged) : untagged_(untagged) {}

  // Throws InputError, without a file's name, for formats and tags that are not understood.
  RgbImage convert(const AVFrame& frame);

 private:
  const AVFrame& from_yuv(const AVFrame& frame, AVPixelFormat format);

  Untagged untagged_;
  PixelLayout layout_;  // scaler_ was made for this layout, size_ and format_
  PictureSize size_;
  AVPixelFormat format_ = AV_PIX_FMT_NONE;
  ffmpeg::Scaler scaler_;
  ffmpeg::Frame rgb_;
  AVColorPrimaries primaries_ = AVCOL_PRI_UNSPECIFIED;  // map_ was made for these and transfer_
  AVColorTransferCharacteristic transfer_ = AVCOL_TRC_UNSPECIFIED;
  std::optional<ColourMap> map_;
};

}  // namespace orrery
