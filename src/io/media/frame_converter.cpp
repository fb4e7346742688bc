#include "io/media/frame_converter.h"

#include "io/media/scaler.h"

namespace orrery {
namespace {

// The chroma lies left, where H.264 has it.
ffmpeg::Scaler make_converter(int width, int height) {
  const PixelLayout rgb{.format = AV_PIX_FMT_RGB24, .full_range = true};
  const PixelLayout yuv{.format = AV_PIX_FMT_YUV420P, .chroma_x = 0};
  return make_scaler({width, height}, rgb, {width, height}, yuv, SWS_BICUBIC);
}

}  // namespace

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
