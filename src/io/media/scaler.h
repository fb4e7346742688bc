#pragma once

#include <cstdint>
#include <span>

#include "io/media/ffmpeg.h"

namespace orrery {

// How pixels are stored. Internal to media/.
struct PixelLayout {
  // Chroma samples lie in the middle of the pixels that share them, as in JPEG, whether subsampled or not.
  static constexpr int kCentred = -513;

  AVPixelFormat format = AV_PIX_FMT_NONE;
  int matrix = SWS_CS_ITU709;  // SWS_CS_…
  bool full_range = false;
  int chroma_x = kCentred;  // or the offset in 1/256 of a pixel from the left one of these pixels
  int chroma_y = kCentred;
  friend bool operator==(const PixelLayout&, const PixelLayout&) = default;
};

// Pixels.
struct PictureSize {
  int width = 0;
  int height = 0;
  friend bool operator==(const PictureSize&, const PictureSize&) = default;
};

// Converts pictures of one size and layout into another. `filter` (SWS_BICUBIC, …) is for what must be interpolated:
// chroma, and all of a picture whose size changes. Throws Error.
ffmpeg::Scaler make_scaler(PictureSize from_size, const PixelLayout& from, PictureSize to_size, const PixelLayout& to,
                           int filter);

// A frame with uninitialized memory for a picture of this size and format. Throws Error.
ffmpeg::Frame make_picture(int width, int height, AVPixelFormat format);

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
