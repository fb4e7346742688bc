#include "io/media/shown_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "base/core/error.h"
#include "io/media/icc_profile.h"
#include "io/media/media_input.h"
#include "io/media/orientation.h"
#include "io/media/scaler.h"

namespace orrery {
namespace {

constexpr double kMostAspect = 10;

int stretched(int extent, double factor) { return static_cast<int>(std::lround(extent * factor)); }

RgbImage resized(const RgbImage& image, int width, int height) {
  require_pixels(width, height);
  const PixelLayout rgb{.format = AV_PIX_FMT_RGB24, .full_range = true};
  const ffmpeg::Scaler scaler = make_scaler({image.width, image.height}, rgb, {width, height}, rgb, SWS_BICUBIC);
  const ffmpeg::Frame from = make_picture(image.width, image.height, AV_PIX_FMT_RGB24);
  const ffmpeg::Frame to = make_picture(width, height, AV_PIX_FMT_RGB24);
  const std::ptrdiff_t row = std::ptrdiff_t{3} * image.width, shown_row = std::ptrdiff_t{3} * width;
  for (int y = 0; y < image.height; ++y) {
    std::copy_n(image.rgb.begin() + y * row, row, from->data[0] + std::ptrdiff_t{y} * from->linesize[0]);
  }
  ffmpeg::check(sws_scale(scaler.get(), from->data, from->linesize, 0, image.height, to->data, to->linesize),
                "make a picture's pixels square");
  RgbImage shown{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(shown_row * height))};
  for (int y = 0; y < height; ++y) {
    std::copy_n(to->data[0] + std::ptrdiff_t{y} * to->linesize[0], shown_row, shown.rgb.begin() + y * shown_row);
  }
  return shown;
}

std::string_view profile_of(const AVFrame& frame) {
  const AVFrameSideData* side = av_frame_get_side_data(&frame, AV_FRAME_DATA_ICC_PROFILE);
  return side == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(side->data), side->size);
}

}  // namespace

RgbImage with_square_pixels(RgbImage image, AVRational aspect) {
  if (aspect.num <= 0 || aspect.den <= 0 || aspect.num == aspect.den) return image;
  const double factor = av_q2d(aspect);
  require_input(factor <= kMostAspect && 1 / factor <= kMostAspect,
                fmt::format("its pixels have the shape {}:{}, expected at most 10:1: save it with square pixels",
                            aspect.num, aspect.den));
  const int width = factor > 1 ? stretched(image.width, factor) : image.width;
  const int height = factor < 1 ? stretched(image.height, 1 / factor) : image.height;
  return width == image.width && height == image.height ? std::move(image) : resized(image, width, height);
}

RgbImage shown_still(Still still, const std::filesystem::path& path) {
  return with_file_name(path.string(), [&] {
    RgbImage image = RgbConverter(Untagged::Image).convert(*still.frame);
    const AVRational aspect = still.frame->sample_aspect_ratio;
    still.frame.reset();  // its memory is as large as the picture's
    if (!still.icc.empty()) to_srgb(image, still.icc);
    return orient(with_square_pixels(std::move(image), aspect), still.orientation);
  });
}

RgbImage shown_frame(const AVFrame& frame, const FrameSource& source, RgbConverter& converter) {
  RgbImage image = converter.convert(frame);
  if (const std::string_view icc = profile_of(frame); !icc.empty()) to_srgb(image, icc);
  image = with_square_pixels(std::move(image), source.pixel_aspect(frame));
  return orient(std::move(image), display_matrix(frame, source.stream()));
}

}  // namespace orrery
