#include "io/media/scaler.h"

#include <string>
#include <utility>

namespace orrery {
namespace {

// The chroma lies left, where H.264 has it.
ffmpeg::Scaler make_converter(int width, int height) {
  const PixelLayout rgb{.format = AV_PIX_FMT_RGB24, .full_range = true};
  const PixelLayout yuv{.format = AV_PIX_FMT_YUV420P, .chroma_x = 0};
  return make_scaler({width, height}, rgb, {width, height}, yuv, SWS_BICUBIC);
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

}  // namespace orrery
