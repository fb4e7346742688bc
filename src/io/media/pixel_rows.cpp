#include "io/media/pixel_rows.h"

#include <cstddef>

namespace orrery {
namespace {

constexpr std::uint32_t kFull = 65535;

const AVPixFmtDescriptor& format_of(const AVFrame& frame) {
  return *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
}

}  // namespace

bool PixelRows::can_read(const AVFrame& frame) {
  constexpr auto kOther = AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_HWACCEL;
  const AVPixFmtDescriptor& format = format_of(frame);
  if ((format.flags & kOther) != 0 || format.comp[0].depth > 16) return false;
  const bool grey = format.nb_components <= 2 && frame.color_range != AVCOL_RANGE_MPEG;
  return grey || (format.flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

PixelRows::PixelRows(const AVFrame& frame)
    : frame_(frame),
      format_(format_of(frame)),
      grey_(format_.nb_components <= 2),
      alpha_((format_.flags & AV_PIX_FMT_FLAG_ALPHA) != 0),
      line_(static_cast<std::size_t>(frame.width)),
      rgba_(4 * line_.size(), kFull) {}

const std::vector<std::uint16_t>& PixelRows::row(int y) {
  if ((format_.flags & AV_PIX_FMT_FLAG_PAL) != 0) {
    read_palette(y);
    return rgba_;
  }
  for (std::size_t c = 0; c < 3; ++c) read_component(y, c, grey_ ? 0 : static_cast<int>(c));
  if (alpha_) read_component(y, 3, grey_ ? 1 : 3);
  return rgba_;
}

void PixelRows::read_palette(int y) {
  const auto* palette = reinterpret_cast<const std::uint32_t*>(frame_.data[1]);  // alpha, red, green, blue from the top
  const std::uint8_t* indexes = frame_.data[0] + std::ptrdiff_t{y} * frame_.linesize[0];
  std::uint16_t* out = rgba_.data();
  for (int x = 0; x < frame_.width; ++x) {
    const std::uint32_t colour = palette[indexes[x]];
    for (const int shift : {16, 8, 0, 24}) *out++ = static_cast<std::uint16_t>((colour >> shift & 0xFF) * 257);
  }
}

void PixelRows::read_component(int y, std::size_t to, int component) {
  const std::uint32_t most = (1U << format_.comp[component].depth) - 1;
  const std::uint32_t flip = frame_.format == AV_PIX_FMT_MONOWHITE ? kFull : 0;
  av_read_image_line2(line_.data(), const_cast<const std::uint8_t**>(frame_.data), frame_.linesize, &format_, 0, y,
                      component, frame_.width, 0, sizeof line_[0]);
  for (std::size_t x = 0; x < line_.size(); ++x) {
    rgba_[4 * x + to] = static_cast<std::uint16_t>(((line_[x] * kFull + most / 2) / most) ^ flip);
  }
}

}  // namespace orrery
