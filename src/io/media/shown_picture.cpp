#include "io/media/shown_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/core/error.h"
#include "io/media/frame_pixels.h"
#include "io/media/icc_profile.h"
#include "io/media/media_input.h"

namespace orrery {
namespace {

constexpr std::string_view kPrefix("Exif\0\0", 6);
constexpr std::size_t kEntryBytes = 12;
constexpr std::uint32_t kOrientationTag = 0x112;
constexpr std::uint32_t kShort = 3;

class Tiff {
 public:
  explicit Tiff(std::string_view bytes) : bytes_(bytes), big_endian_(bytes.starts_with("MM")) {}

  bool valid() const { return (bytes_.starts_with("II") || bytes_.starts_with("MM")) && number(2, 2) == 42; }

  // A number of `size` bytes at `at`; 0 beyond the end.
  std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = big_endian_ ? at + i : at + size - 1 - i;
      value = value << 8 | static_cast<std::uint8_t>(bytes_[place]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool big_endian_;
};

constexpr std::size_t kMatrixSize = 9;

// Maps (x, y) of the stored picture to (xx·x + xy·y, yx·x + yy·y) plus a shift; y points down.
struct QuarterTurn {
  int xx = 1, xy = 0, yx = 0, yy = 1;

  bool valid() const {
    return (std::abs(xx * yy) == 1 && xy == 0 && yx == 0) || (std::abs(xy * yx) == 1 && xx == 0 && yy == 0);
  }
  bool identity() const { return xx == 1 && yy == 1; }
};

// The matrix without its scale; none when it is singular because a row is zero.
std::optional<QuarterTurn> quarter_turn(std::span<const std::int32_t> matrix) {
  const double xx = matrix[0], yx = matrix[1], xy = matrix[3], yy = matrix[4];
  const double x = std::hypot(xx, yx), y = std::hypot(xy, yy);
  if (x == 0 || y == 0) return std::nullopt;
  const QuarterTurn turn{static_cast<int>(std::lround(xx / x)), static_cast<int>(std::lround(xy / y)),
                         static_cast<int>(std::lround(yx / x)), static_cast<int>(std::lround(yy / y))};
  const double off = std::abs(turn.xx - xx / x) + std::abs(turn.yx - yx / x);
  constexpr double kRounding = 0.02;
  require_input(turn.valid() && off < kRounding,
                "its pictures are turned by an angle that is no multiple of 90 degrees: save them upright");
  return turn;
}

RgbImage turned(const RgbImage& image, const QuarterTurn& turn) {
  RgbImage turned{image.width, image.height, std::vector<std::uint8_t>(image.rgb.size())};
  if (turn.xx == 0) std::swap(turned.width, turned.height);
  const int left = turn.xx + turn.xy < 0 ? turned.width - 1 : 0;
  const int top = turn.yx + turn.yy < 0 ? turned.height - 1 : 0;
  const std::uint8_t* pixel = image.rgb.data();
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x, pixel += 3) {
      const std::ptrdiff_t column = left + turn.xx * x + turn.xy * y;
      const std::ptrdiff_t row = top + turn.yx * x + turn.yy * y;
      std::copy_n(pixel, 3, turned.rgb.begin() + 3 * (row * turned.width + column));
    }
  }
  return turned;
}

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

int exif_orientation(std::string_view exif) {
  if (exif.starts_with(kPrefix)) exif.remove_prefix(kPrefix.size());
  const Tiff tiff(exif);
  if (!tiff.valid()) return 1;
  const std::size_t directory = tiff.number(4, 4);
  const std::size_t entries = tiff.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + i * kEntryBytes;
    if (tiff.number(at, 2) != kOrientationTag || tiff.number(at + 2, 2) != kShort) continue;
    const std::uint32_t value = tiff.number(at + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

std::span<const std::int32_t> display_matrix(const AVFrame& frame, const AVStream& stream) {
  const std::uint8_t* bytes = nullptr;
  if (const AVFrameSideData* side = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX)) {
    bytes = side->data;
  } else {
    bytes = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  }
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const std::int32_t*>(bytes), kMatrixSize};
}

RgbImage orient(RgbImage image, std::span<const std::int32_t> matrix) {
  const std::optional<QuarterTurn> turn = matrix.empty() ? std::nullopt : quarter_turn(matrix);
  return !turn || turn->identity() ? std::move(image) : turned(image, *turn);
}

RgbImage orient(RgbImage image, int exif) {
  // EXIF orientations 2 to 8. EXIF says at which sides of the shown picture the first stored row and column are.
  constexpr QuarterTurn kTurns[] = {{-1, 0, 0, 1}, {-1, 0, 0, -1}, {1, 0, 0, -1}, {0, 1, 1, 0},
                                    {0, -1, 1, 0}, {0, -1, -1, 0}, {0, 1, -1, 0}};
  return exif < 2 || exif > 8 ? std::move(image) : turned(image, kTurns[exif - 2]);
}

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
    still.frame.reset();  // frees memory as large as the picture
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
