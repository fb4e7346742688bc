#pragma once

#include "io/media/ffmpeg.h"

namespace orrery {

// How pixels are stored. Internal to media/.
struct PixelLayout {
  // Chroma samples lie in the middle of the pixels that share them, as in JPEG. (A number would be wrong for one of the
  // layouts with and without subsampling.)
  static constexpr int kCentred = -513;

  AVPixelFormat format = AV_PIX_FMT_NONE;
  int matrix = SWS_CS_ITU709;  // SWS_CS_…
  bool full_range = false;
  int chroma_x = kCentred;  // or 1/256 of a pixel: 0 is where the left pixel of those is
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

// A frame with room for such a picture. Throws Error.
ffmpeg::Frame make_picture(int width, int height, AVPixelFormat format);

}  // namespace orrery
