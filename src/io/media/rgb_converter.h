#pragma once

#include <optional>

#include "io/media/colours.h"
#include "io/media/ffmpeg.h"
#include "io/media/frame_pixels.h"
#include "io/media/rgb_image.h"

namespace orrery {

// Which defaults apply to a picture without colour tags.
enum class Untagged { Image, Video };

// Converts decoded frames to sRGB: RGB, grey and palettes exactly (rounded to 8 bits), anything else by the matrix,
// range and chroma position in the frame's tags, wide gamuts and high dynamic range by ColourMap. Transparent pixels
// are blended with white. Subsampled chroma is interpolated linearly; without a tag it is centred in images and
// left-sited in videos (ITU-T H.264 E.2.1).
class RgbConverter {
 public:
  explicit RgbConverter(Untagged untagged) : untagged_(untagged) {}

  // Throws InputError, without a file name, for formats and tags that are not supported.
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
