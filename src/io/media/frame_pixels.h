#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "io/media/ffmpeg.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

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

// Sets FFmpeg up. Throws Error unless `rgb` is a picture of this size, of 3 bytes a pixel.
void require_picture(int width, int height, std::span<const std::uint8_t> rgb);

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

// Reads a frame of RGB, grey or palette pixels a row at a time, without swscale, which in places converts RGB to RGB
// through YUV and is not exact. Internal to media/.
class PixelRows {
 public:
  // Whether this class can read the frame: integers of at most 16 bits a value, and not YUV.
  static bool can_read(const AVFrame& frame);

  explicit PixelRows(const AVFrame& frame);

  // Row `y` as red, green, blue, alpha for each pixel, 65535 full scale.
  const std::vector<std::uint16_t>& row(int y);

 private:
  void read_palette(int y);
  void read_component(int y, std::size_t to, int component);

  const AVFrame& frame_;
  const AVPixFmtDescriptor& format_;
  bool grey_;
  bool alpha_;
  std::vector<std::uint16_t> line_;  // one component
  std::vector<std::uint16_t> rgba_;
};

}  // namespace orrery
