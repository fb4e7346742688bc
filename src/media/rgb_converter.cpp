#include "media/rgb_converter.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <bit>
#include <cstdint>

namespace orrery {
namespace {

RgbImage blank(const AVFrame& frame) {
  const std::size_t pixels = static_cast<std::size_t>(frame.width) * static_cast<std::size_t>(frame.height);
  return {frame.width, frame.height, std::vector<std::uint8_t>(3 * pixels)};
}

bool is_exact(const AVFrame& frame, const AVPixFmtDescriptor& format) {
  constexpr auto kOther = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_HWACCEL;
  if ((format.flags & kOther) != 0 || format.comp[0].depth > 16) return false;
  const bool grey = format.nb_components <= 2 && frame.color_range != AVCOL_RANGE_MPEG;
  return grey || (format.flags & AV_PIX_FMT_FLAG_RGB) != 0;
}

// swscale goes from RGB to RGB through YUV in places, which is not exact.
RgbImage from_components(const AVFrame& frame, const AVPixFmtDescriptor& format) {
  RgbImage image = blank(frame);
  std::vector<std::uint16_t> line(static_cast<std::size_t>(frame.width));
  const bool grey = format.nb_components <= 2;
  const unsigned flip = frame.format == AV_PIX_FMT_MONOWHITE ? 255 : 0;
  std::uint8_t* row = image.rgb.data();
  for (int y = 0; y < frame.height; ++y, row += 3 * line.size()) {
    for (std::size_t c = 0; c < 3; ++c) {
      const int component = grey ? 0 : static_cast<int>(c);
      const unsigned most = (1U << format.comp[component].depth) - 1;
      av_read_image_line2(line.data(), const_cast<const std::uint8_t**>(frame.data), frame.linesize, &format, 0, y,
                          component, frame.width, 0, sizeof line[0]);
      for (std::size_t x = 0; x < line.size(); ++x) {
        row[3 * x + c] = static_cast<std::uint8_t>(((line[x] * 255U + most / 2) / most) ^ flip);
      }
    }
  }
  return image;
}

RgbImage from_palette(const AVFrame& frame) {
  RgbImage image = blank(frame);
  const auto* palette = reinterpret_cast<const std::uint32_t*>(frame.data[1]);  // alpha, red, green, blue from the top
  std::uint8_t* out = image.rgb.data();
  for (int y = 0; y < frame.height; ++y) {
    const std::uint8_t* row = frame.data[0] + std::ptrdiff_t{y} * frame.linesize[0];
    for (int x = 0; x < frame.width; ++x) {
      for (const int shift : {16, 8, 0}) *out++ = static_cast<std::uint8_t>(palette[row[x]] >> shift);
    }
  }
  return image;
}

int matrix_of(const AVFrame& frame, Untagged untagged) {
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
      return SWS_CS_ITU709;
    case AVCOL_SPC_FCC:
      return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M:
      return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return SWS_CS_BT2020;
    case AVCOL_SPC_UNSPECIFIED:
      return untagged == Untagged::Video && frame.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601;
    default:
      return SWS_CS_ITU601;
  }
}

PixelLayout layout_of(const AVFrame& frame, Untagged untagged) {
  PixelLayout layout;
  layout.format = static_cast<AVPixelFormat>(frame.format);
  layout.matrix = matrix_of(frame, untagged);
  layout.full_range = frame.color_range == AVCOL_RANGE_JPEG;
  const auto unspecified = untagged == Untagged::Video ? AVCHROMA_LOC_LEFT : AVCHROMA_LOC_CENTER;
  const auto location = frame.chroma_location == AVCHROMA_LOC_UNSPECIFIED ? unspecified : frame.chroma_location;
  if (location == AVCHROMA_LOC_LEFT || location == AVCHROMA_LOC_TOPLEFT) layout.chroma_x = 0;
  if (location == AVCHROMA_LOC_TOP || location == AVCHROMA_LOC_TOPLEFT) layout.chroma_y = 0;
  return layout;
}

}  // namespace

RgbImage RgbConverter::convert(const AVFrame& frame) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  if ((format->flags & AV_PIX_FMT_FLAG_PAL) != 0) return from_palette(frame);
  return is_exact(frame, *format) ? from_components(frame, *format) : from_yuv(frame);
}

RgbImage RgbConverter::from_yuv(const AVFrame& frame) {
  const PixelLayout layout = layout_of(frame, untagged_);
  if (scaler_ == nullptr || layout_ != layout || width_ != frame.width || height_ != frame.height) {
    const PixelLayout rgb{.format = AV_PIX_FMT_RGB24, .full_range = true};
    // Bilinear: what libjpeg does, so that images come out as other programs read them.
    scaler_ = make_scaler(frame.width, frame.height, layout, rgb, SWS_BILINEAR);
    rgb_ = make_picture(frame.width, frame.height, AV_PIX_FMT_RGB24);
    layout_ = layout;
    width_ = frame.width;
    height_ = frame.height;
  }
  ffmpeg::check(sws_scale(scaler_.get(), frame.data, frame.linesize, 0, height_, rgb_->data, rgb_->linesize),
                "convert a frame to RGB");
  RgbImage image = blank(frame);
  const std::ptrdiff_t bytes = std::ptrdiff_t{3} * width_;
  for (int y = 0; y < height_; ++y) {
    std::copy_n(rgb_->data[0] + std::ptrdiff_t{y} * rgb_->linesize[0], bytes, image.rgb.begin() + y * bytes);
  }
  return image;
}

}  // namespace orrery
