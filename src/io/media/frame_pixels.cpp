#include "io/media/frame_pixels.h"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>

#include "base/core/error.h"

namespace orrery {
namespace {

// Makes the scaler to left-sited chroma, as H.264 assumes.
ffmpeg::Scaler make_converter(int width, int height) {
  const PixelLayout rgb{.format = AV_PIX_FMT_RGB24, .full_range = true};
  const PixelLayout yuv{.format = AV_PIX_FMT_YUV420P, .chroma_x = 0};
  return make_scaler({width, height}, rgb, {width, height}, yuv, SWS_BICUBIC);
}

constexpr std::uint32_t kFull = 65535;

const AVPixFmtDescriptor& format_of(const AVFrame& frame) {
  return *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
}

}  // namespace

ffmpeg::Scaler make_scaler(PictureSize from_size, const PixelLayout& from, PictureSize to_size, const PixelLayout& to,
                           int filter) {
  ffmpeg::Scaler scaler(ffmpeg::check(sws_alloc_context(), "make a colour converter"));
  const std::pair<const char*, int> options[] = {
      {"srcw", from_size.width},
      {"srch", from_size.height},
      {"dstw", to_size.width},
      {"dsth", to_size.height},
      {"src_format", from.format},
      {"dst_format", to.format},
      {"src_h_chr_pos", from.chroma_x},
      {"src_v_chr_pos", from.chroma_y},
      {"dst_h_chr_pos", to.chroma_x},
      {"dst_v_chr_pos", to.chroma_y},
      {"sws_flags", filter | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT},
  };
  for (const auto& [name, value] : options) {
    ffmpeg::check(av_opt_set_int(scaler.get(), name, value, 0), std::string("set the colour converter's ") + name);
  }
  constexpr int kOne = 1 << 16;
  ffmpeg::check(sws_setColorspaceDetails(scaler.get(), sws_getCoefficients(from.matrix), from.full_range ? 1 : 0,
                                         sws_getCoefficients(to.matrix), to.full_range ? 1 : 0, 0, kOne, kOne),
                "set the colour matrix");
  ffmpeg::check(sws_init_context(scaler.get(), nullptr, nullptr), "start the colour converter");
  return scaler;
}

ffmpeg::Frame make_picture(int width, int height, AVPixelFormat format) {
  ffmpeg::Frame frame(ffmpeg::check(av_frame_alloc(), "make a video frame"));
  frame->format = format;
  frame->width = width;
  frame->height = height;
  ffmpeg::check(av_frame_get_buffer(frame.get(), 0), "make a video frame");
  return frame;
}

void require_picture(int width, int height, std::span<const std::uint8_t> rgb) {
  ffmpeg::set_up();
  require(width > 0 && height > 0 &&
              rgb.size() / 3 / static_cast<std::size_t>(width) == static_cast<std::size_t>(height) &&
              rgb.size() % (3 * static_cast<std::size_t>(width)) == 0,
          fmt::format("{} bytes are no RGB picture of {}x{}", rgb.size(), width, height));
}

FrameConverter::FrameConverter(int width, int height)
    : width_(width),
      height_(height),
      scaler_(make_converter(width, height)),
      frame_(make_picture(width, height, AV_PIX_FMT_YUV420P)) {}

AVFrame* FrameConverter::convert(std::span<const std::uint8_t> rgb) {
  ffmpeg::check(av_frame_make_writable(frame_.get()), "make a video frame");
  const std::uint8_t* planes[] = {rgb.data()};
  const int strides[] = {3 * width_};
  ffmpeg::check(sws_scale(scaler_.get(), planes, strides, 0, height_, frame_->data, frame_->linesize),
                "convert a frame from RGB");
  return frame_.get();
}

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
  const auto* palette = reinterpret_cast<const std::uint32_t*>(frame_.data[1]);  // ARGB from the highest byte
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
