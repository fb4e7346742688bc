#pragma once

#include <cstdint>
#include <vector>

#include "io/media/ffmpeg.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace orrery {

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
