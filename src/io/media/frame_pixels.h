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
  // Chroma samples lie in the centre of the pixels that share them, as in JPEG, whether subsampled or not.
  static constexpr int kCentred = -513;

  AVPixelFormat format = AV_PIX_FMT_NONE;
  int matrix = SWS_CS_ITU709;  // SWS_CS_…
  bool full_range = false;
  int chroma_x = kCentred;  // or the offset [1/256 pixel] from the leftmost of these pixels
  int chroma_y = kCentred;
  friend bool operator==(const PixelLayout&, const PixelLayout&) = default;
};

// Size of a picture [pixels].
struct PictureSize {
  int width = 0;
  int height = 0;
  friend bool operator==(const PictureSize&, const PictureSize&) = default;
};

// Makes a scaler that converts pictures from one size and layout to another. `filter` (SWS_BICUBIC, …) interpolates
// chroma, and everything when the size changes. Throws Error.
ffmpeg::Scaler make_scaler(PictureSize from_size, const PixelLayout& from, PictureSize to_size, const PixelLayout& to,
                           int filter);

// A frame with uninitialized memory for a picture of this size and format. Throws Error.
ffmpeg::Frame make_picture(int width, int height, AVPixelFormat format);

// Sets up FFmpeg. Throws Error unless `rgb` is a picture of this size with 3 bytes for each pixel.
void require_picture(int width, int height, std::span<const std::uint8_t> rgb);

// Converts full-range RGB to limited-range BT.709 yuv420p with left-sited chroma, as H.264 assumes.
class FrameConverter {
 public:
  FrameConverter(int width, int height);  // pixels, even; throws Error

  // `rgb` is height × width × 3 bytes. The converter owns the frame, which is valid until the next call; an encoder may
  // keep a reference to its data. Throws Error.
  AVFrame* convert(std::span<const std::uint8_t> rgb);

 private:
  int width_;
  int height_;
  ffmpeg::Scaler scaler_;
  ffmpeg::Frame frame_;
};

// Reads a frame of RGB, grey or palette pixels row by row, without swscale, which sometimes converts RGB to RGB
// inexactly, through YUV. Internal to media/.
class PixelRows {
 public:
  // Whether this class can read the frame: integers of at most 16 bits, not YUV.
  static bool can_read(const AVFrame& frame);

  explicit PixelRows(const AVFrame& frame);

  // Row `y` as red, green, blue and alpha of each pixel; 65535 is full scale.
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
