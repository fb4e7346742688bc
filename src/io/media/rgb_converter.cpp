#include "io/media/rgb_converter.h"

extern "C" {
#include <libavutil/imgutils.h>
}

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/core/error.h"
#include "io/media/colours.h"
#include "io/media/frame_pixels.h"

namespace orrery {
namespace {

RgbImage blank(const AVFrame& frame) {
  const std::size_t pixels = static_cast<std::size_t>(frame.width) * static_cast<std::size_t>(frame.height);
  return {frame.width, frame.height, std::vector<std::uint8_t>(3 * pixels)};
}

// Blends a row of 16-bit values with white and rounds it to 8 bits.
void flatten(const std::vector<std::uint16_t>& rgba, std::uint8_t* rgb) {
  constexpr std::uint32_t kOpaque = 65535;
  for (std::size_t i = 0; i < rgba.size(); i += 4) {
    const std::uint32_t alpha = rgba[i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const std::uint32_t value =
          alpha == kOpaque ? rgba[i + c] : (rgba[i + c] * alpha + kOpaque * (kOpaque - alpha) + kOpaque / 2) / kOpaque;
      *rgb++ = static_cast<std::uint8_t>((value + 128) / 257);
    }
  }
}

RgbImage from_rows(const AVFrame& frame, const std::optional<ColourMap>& map) {
  RgbImage image = blank(frame);
  PixelRows rows(frame);
  std::uint8_t* out = image.rgb.data();
  for (int y = 0; y < frame.height; ++y, out += std::ptrdiff_t{3} * frame.width) {
    if (!map) {
      flatten(rows.row(y), out);
      continue;
    }
    std::vector<std::uint16_t> row = rows.row(y);
    map->apply(row);
    flatten(row, out);
  }
  return image;
}

// Interleaves 8-bit planes of green, blue and red.
RgbImage interleaved(const AVFrame& planes) {
  RgbImage image = blank(planes);
  std::uint8_t* out = image.rgb.data();
  for (std::ptrdiff_t y = 0; y < planes.height; ++y) {
    const std::uint8_t* green = planes.data[0] + y * planes.linesize[0];
    const std::uint8_t* blue = planes.data[1] + y * planes.linesize[1];
    const std::uint8_t* red = planes.data[2] + y * planes.linesize[2];
    for (std::ptrdiff_t x = 0; x < planes.width; ++x, out += 3) {
      out[0] = red[x];
      out[1] = green[x];
      out[2] = blue[x];
    }
  }
  return image;
}

int multiple_of(int step, int length) { return (length + step - 1) / step * step; }

// The frame's size rounded up so that each chroma sample has all its pixels: swscale would stretch the chroma of odd
// sizes.
PictureSize whole_size(const AVFrame& frame) {
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  if ((format.flags & AV_PIX_FMT_FLAG_PLANAR) == 0) return {frame.width, frame.height};
  return {multiple_of(1 << format.log2_chroma_w, frame.width), multiple_of(1 << format.log2_chroma_h, frame.height)};
}

// Enlarges the frame at the right and bottom by pixels of arbitrary values.
ffmpeg::Frame grown(const AVFrame& frame, PictureSize size) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  ffmpeg::Frame to = make_picture(size.width, size.height, format);
  for (int plane = 0; plane < av_pix_fmt_count_planes(format); ++plane) {
    const bool chroma = plane == 1 || plane == 2;
    const int rows = chroma ? AV_CEIL_RSHIFT(frame.height, av_pix_fmt_desc_get(format)->log2_chroma_h) : frame.height;
    const int rows_to = chroma ? rows : size.height;
    std::memset(to->data[plane], 0, static_cast<std::size_t>(to->linesize[plane]) * static_cast<std::size_t>(rows_to));
    av_image_copy_plane(to->data[plane], to->linesize[plane], frame.data[plane], frame.linesize[plane],
                        av_image_get_linesize(format, frame.width, plane), rows);
  }
  return to;
}

// The RGB format to which YUV is converted. It is planar because for packed RGB swscale rounds the weights of two
// chroma rows to 0, 1/2 or 1, which shifts 4:2:0 chroma by a quarter of a sample and blurs it.
AVPixelFormat rgb_format(const AVPixFmtDescriptor& from, bool deep) {
  const bool alpha = (from.flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  if (deep) return alpha ? AV_PIX_FMT_GBRAP16LE : AV_PIX_FMT_GBRP16LE;
  return alpha ? AV_PIX_FMT_GBRAP : AV_PIX_FMT_GBRP;
}

// The matrix of an untagged frame. Players assume BT.709 for high-definition video.
int untagged_matrix(const AVFrame& frame, Untagged untagged) {
  const bool high_definition = frame.height > 576 || frame.width >= 1280;
  return untagged == Untagged::Video && high_definition ? SWS_CS_ITU709 : SWS_CS_ITU601;
}

int scaler_matrix(const AVFrame& frame, Untagged untagged) {
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
      return SWS_CS_ITU709;
    case AVCOL_SPC_FCC:
      return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M:
      return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
      return SWS_CS_BT2020;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return SWS_CS_ITU601;
    case AVCOL_SPC_RGB:  // invalid for a frame that is not RGB
    case AVCOL_SPC_RESERVED:
    case AVCOL_SPC_UNSPECIFIED:
      return untagged_matrix(frame, untagged);
    default:
      throw InputError("its colours have the matrix " + ffmpeg::name_of(av_color_space_name(frame.colorspace)) +
                       ", which is not read: convert it to BT.709 or sRGB");
  }
}

PixelLayout layout_of(const AVFrame& frame, Untagged untagged) {
  PixelLayout layout;
  layout.format = static_cast<AVPixelFormat>(frame.format);
  layout.matrix = scaler_matrix(frame, untagged);
  layout.full_range = frame.color_range == AVCOL_RANGE_JPEG;
  const auto unspecified = untagged == Untagged::Video ? AVCHROMA_LOC_LEFT : AVCHROMA_LOC_CENTER;
  const auto location = frame.chroma_location == AVCHROMA_LOC_UNSPECIFIED ? unspecified : frame.chroma_location;
  if (location == AVCHROMA_LOC_LEFT || location == AVCHROMA_LOC_TOPLEFT) layout.chroma_x = 0;
  if (location == AVCHROMA_LOC_TOP || location == AVCHROMA_LOC_TOPLEFT) layout.chroma_y = 0;
  return layout;
}

}  // namespace

RgbImage RgbConverter::convert(const AVFrame& frame) {
  check_colour_codes(frame);
  if (frame.color_primaries != primaries_ || frame.color_trc != transfer_) {
    map_ = ColourMap::from(frame.color_primaries, frame.color_trc);
    primaries_ = frame.color_primaries;
    transfer_ = frame.color_trc;
  }
  if (PixelRows::can_read(frame)) return from_rows(frame, map_);
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  constexpr auto kOther = AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_HWACCEL;
  require_input((format.flags & kOther) == 0,
                std::string("its pixels are ") + format.name + ", which are not read: save it with 8 or 16 bits");
  const AVPixelFormat to = rgb_format(format, map_.has_value());
  const AVFrame& rgb = from_yuv(frame, to);
  return to == AV_PIX_FMT_GBRP ? interleaved(rgb) : from_rows(rgb, map_);
}

const AVFrame& RgbConverter::from_yuv(const AVFrame& frame, AVPixelFormat format) {
  const PixelLayout layout = layout_of(frame, untagged_);
  const PictureSize size = whole_size(frame);
  if (scaler_ == nullptr || layout_ != layout || size_ != size || format_ != format) {
    const PixelLayout rgb{.format = format, .full_range = true};
    // Bilinear, as in libjpeg, so that images look as in other programs.
    scaler_ = make_scaler(size, layout, size, rgb, SWS_BILINEAR);
    rgb_ = make_picture(size.width, size.height, format);
    layout_ = layout;
    size_ = size;
    format_ = format;
  }
  const bool whole = size == PictureSize{frame.width, frame.height};
  const ffmpeg::Frame larger = whole ? nullptr : grown(frame, size);
  const AVFrame& from = whole ? frame : *larger;
  ffmpeg::check(sws_scale(scaler_.get(), from.data, from.linesize, 0, size.height, rgb_->data, rgb_->linesize),
                "convert a frame to RGB");
  rgb_->width = frame.width;
  rgb_->height = frame.height;
  return *rgb_;
}

}  // namespace orrery
