#include "media/orientation.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr std::size_t kMatrixSize = 9;

// (x, y) of the stored picture goes to (xx·x + xy·y, yx·x + yy·y), but for a shift; y points down.
struct QuarterTurn {
  int xx = 1, xy = 0, yx = 0, yy = 1;

  bool valid() const {
    return (std::abs(xx * yy) == 1 && xy == 0 && yx == 0) || (std::abs(xy * yx) == 1 && xx == 0 && yy == 0);
  }
  bool identity() const { return xx == 1 && yy == 1; }
};

QuarterTurn quarter_turn(std::span<const std::int32_t> matrix) {
  const auto unit = [&](std::size_t i) { return static_cast<int>(std::lround(matrix[i] / 65536.0)); };
  return {unit(0), unit(3), unit(1), unit(4)};
}

}  // namespace

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
  if (matrix.empty()) return image;
  const QuarterTurn turn = quarter_turn(matrix);
  if (!turn.valid() || turn.identity()) return image;
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

}  // namespace orrery
