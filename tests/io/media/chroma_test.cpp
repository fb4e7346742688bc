// The position of 4:2:0 chroma samples, and the interpolation between them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "io/media/media_reader.h"
#include "media_files.h"
#include "still_files.h"

namespace orrery {
namespace {

// Grey luma with a steep gradient of chroma.
Planes steep(int width = 64, int height = 48) {
  Planes planes{width, height, {}, {}, {}};
  for (int i = 0; i < width * height; ++i) planes.y.push_back(static_cast<std::uint8_t>(96 + i % 64));
  for (int y = 0; y < (height + 1) / 2; ++y) {
    for (int x = 0; x < (width + 1) / 2; ++x) {
      planes.cb.push_back(static_cast<std::uint8_t>(128 + 40 * std::sin(x) * std::cos(0.7 * y)));
      planes.cr.push_back((x / 3 + y / 2) % 2 == 0 ? 100 : 150);
    }
  }
  return planes;
}

std::string bytes_of(const Planes& planes) {
  std::string bytes(planes.y.begin(), planes.y.end());
  bytes.append(planes.cb.begin(), planes.cb.end());
  return bytes.append(planes.cr.begin(), planes.cr.end());
}

// Position of the first chroma sample, in luma pixels from the first pixel's centre; the spacing is 2.
struct Siting {
  double x;
  double y;
};
constexpr Siting kLeft{0, 0.5}, kCentre{0.5, 0.5}, kTopLeft{0, 0};

// Chroma of `width` × `height` samples: linear between samples, constant beyond the border.
struct ChromaPlane {
  const std::vector<std::uint8_t>& samples;
  int width;
  int height;

  double sample(int x, int y) const {
    return samples[static_cast<std::size_t>(std::clamp(y, 0, height - 1) * width + std::clamp(x, 0, width - 1))];
  }
  double at(double x, double y) const {
    const int column = static_cast<int>(std::floor(x)), row = static_cast<int>(std::floor(y));
    const double right = x - column, below = y - row;
    return (1 - below) * ((1 - right) * sample(column, row) + right * sample(column + 1, row)) +
           below * ((1 - right) * sample(column, row + 1) + right * sample(column + 1, row + 1));
  }
};

// Converts by BT.601.
RgbImage expected(const Planes& planes, Siting siting, bool full_range) {
  const double luma_scale = full_range ? 1 : 255.0 / 219, scale = full_range ? 1 : 255.0 / 224;
  const int columns = (planes.width + 1) / 2, rows = (planes.height + 1) / 2;
  const ChromaPlane blue{planes.cb, columns, rows}, red{planes.cr, columns, rows};
  RgbImage image{planes.width, planes.height, {}};
  for (int y = 0; y < planes.height; ++y) {
    for (int x = 0; x < planes.width; ++x) {
      const double luma =
          luma_scale * (planes.y[static_cast<std::size_t>(y * planes.width + x)] - (full_range ? 0 : 16));
      const double cb = scale * (blue.at((x - siting.x) / 2, (y - siting.y) / 2) - 128);
      const double cr = scale * (red.at((x - siting.x) / 2, (y - siting.y) / 2) - 128);
      for (const double value : {luma + 1.402 * cr, luma - 0.344136 * cb - 0.714136 * cr, luma + 1.772 * cb}) {
        image.rgb.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0))));
      }
    }
  }
  return image;
}

int difference(const RgbImage& a, const RgbImage& b) {
  int most = a.rgb.size() == b.rgb.size() ? 0 : 256;
  for (std::size_t i = 0; i < std::min(a.rgb.size(), b.rgb.size()); ++i) {
    most = std::max(most, std::abs(a.rgb[i] - b.rgb[i]));
  }
  return most;
}

constexpr int kRounding = 2;

class Chroma : public MediaFiles {};

TEST_F(Chroma, OfHeifLiesInTheMiddle) {
  for (const heif_compression_format codec : {heif_compression_HEVC, heif_compression_AV1}) {
    write_heif(folder_ / "a.heif", steep(), codec);
    EXPECT_LE(difference(read_image(folder_ / "a.heif"), expected(steep(), kCentre, true)), kRounding) << codec;
  }
}

// H.264 chroma without a tag is left-sited (ITU-T H.264, E.2.1).
TEST_F(Chroma, OfVideosLiesWhereTheirTagsSay) {
  const std::pair<const char*, Siting> cases[] = {
      {"qp=0", kLeft}, {"qp=0:chromaloc=0", kLeft}, {"qp=0:chromaloc=1", kCentre}, {"qp=0:chromaloc=2", kTopLeft}};
  for (const auto& [options, siting] : cases) {
    const auto path =
        make("a.mp4", 64, 48, "yuv420p", bytes_of(steep()), std::string("-c:v libx264 -x264-params ") + options);
    EXPECT_LE(difference(read_image(path), expected(steep(), siting, false)), kRounding) << options;
  }
}

// The last chroma sample covers a single column or row of pixels.
TEST_F(Chroma, OfOddSizesIsNotStretched) {
  for (const auto& [width, height] : {std::pair{63, 48}, {64, 47}, {63, 47}, {1, 1}}) {
    const Planes planes = steep(width, height);
    const auto path = make("a.mkv", width, height, "yuv420p", bytes_of(planes), "-c:v ffv1");
    EXPECT_LE(difference(read_image(path), expected(planes, kLeft, false)), kRounding) << width << " " << height;
  }
}

// libjpeg's "fancy upsampling".
TEST_F(Chroma, OfJpegLiesInTheMiddle) {
  const auto path = make("a.jpg", 64, 48, "yuvj420p", bytes_of(steep()), "-q:v 1 -qmin 1 -huffman optimal");
  EXPECT_GT(psnr(read_image(path), expected(steep(), kCentre, true)), 40);
}

}  // namespace
}  // namespace orrery
