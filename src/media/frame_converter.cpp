#include "media/frame_converter.h"

#include <string>
#include <utility>

namespace orrery {
namespace {

// The chroma position must be given: swscale's own default lies between the pixels.
ffmpeg::Scaler make_scaler(int width, int height) {
  ffmpeg::Scaler scaler(ffmpeg::check(sws_alloc_context(), "make a colour converter"));
  const std::pair<const char*, int> options[] = {
      {"srcw", width},
      {"srch", height},
      {"dstw", width},
      {"dsth", height},
      {"src_format", AV_PIX_FMT_RGB24},
      {"dst_format", AV_PIX_FMT_YUV420P},
      {"dst_h_chr_pos", 0},
      {"dst_v_chr_pos", 128},
      {"sws_flags", SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT},
  };
  for (const auto& [name, value] : options) {
    ffmpeg::check(av_opt_set_int(scaler.get(), name, value, 0), std::string("set the colour converter's ") + name);
  }
  const int* bt709 = sws_getCoefficients(SWS_CS_ITU709);
  constexpr int kOne = 1 << 16;
  ffmpeg::check(sws_setColorspaceDetails(scaler.get(), bt709, 1, bt709, 0, 0, kOne, kOne), "set the colour matrix");
  ffmpeg::check(sws_init_context(scaler.get(), nullptr, nullptr), "start the colour converter");
  return scaler;
}

ffmpeg::Frame make_frame(int width, int height) {
  ffmpeg::Frame frame(ffmpeg::check(av_frame_alloc(), "make a video frame"));
  frame->format = AV_PIX_FMT_YUV420P;
  frame->width = width;
  frame->height = height;
  ffmpeg::check(av_frame_get_buffer(frame.get(), 0), "make a video frame");
  return frame;
}

}  // namespace

FrameConverter::FrameConverter(int width, int height)
    : width_(width), height_(height), scaler_(make_scaler(width, height)), frame_(make_frame(width, height)) {}

AVFrame* FrameConverter::convert(std::span<const std::uint8_t> rgb) {
  ffmpeg::check(av_frame_make_writable(frame_.get()), "make a video frame");
  const std::uint8_t* planes[] = {rgb.data()};
  const int strides[] = {3 * width_};
  ffmpeg::check(sws_scale(scaler_.get(), planes, strides, 0, height_, frame_->data, frame_->linesize),
                "convert a frame from RGB");
  return frame_.get();
}

}  // namespace orrery
