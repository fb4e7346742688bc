#include "io/media/orientation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/core/error.h"

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

  // 0 behind the end.
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

// (x, y) of the stored picture goes to (xx·x + xy·y, yx·x + yy·y), but for a shift; y points down.
struct QuarterTurn {
  int xx = 1, xy = 0, yx = 0, yy = 1;

  bool valid() const {
    return (std::abs(xx * yy) == 1 && xy == 0 && yx == 0) || (std::abs(xy * yx) == 1 && xx == 0 && yy == 0);
  }
  bool identity() const { return xx == 1 && yy == 1; }
};

// The matrix without its scale. None where it shows nothing: a row of it is empty.
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
  // EXIF says at which side of the shown picture the first row lies, and at which the first column.
  constexpr QuarterTurn kTurns[] = {{-1, 0, 0, 1}, {-1, 0, 0, -1}, {1, 0, 0, -1}, {0, 1, 1, 0},
                                    {0, -1, 1, 0}, {0, -1, -1, 0}, {0, 1, -1, 0}};
  return exif < 2 || exif > 8 ? std::move(image) : turned(image, kTurns[exif - 2]);
}

}  // namespace orrery
