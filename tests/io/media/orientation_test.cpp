#include <gtest/gtest.h>

#include <algorithm>

#include "base/core/file.h"
#include "io/media/media_reader.h"
#include "media_files.h"
#include "still_files.h"

namespace orrery {
namespace {

class Orientation : public MediaFiles {};

// EXIF says where row 0 and column 0 of the stored picture are shown.
struct Exif {
  int value;
  bool transposed;  // rows of the stored picture become columns
  bool from_right;  // of the shown picture
  bool from_bottom;
};

constexpr Exif kOrientations[] = {{1, false, false, false}, {2, false, true, false}, {3, false, true, true},
                                  {4, false, false, true},  {5, true, false, false}, {6, true, true, false},
                                  {7, true, true, true},    {8, true, false, true}};

// The picture as a viewer shows it.
RgbImage shown(const RgbImage& stored, const Exif& exif) {
  RgbImage image{stored.width, stored.height, std::vector<std::uint8_t>(stored.rgb.size())};
  if (exif.transposed) std::swap(image.width, image.height);
  for (int row = 0; row < stored.height; ++row) {
    for (int column = 0; column < stored.width; ++column) {
      const int x = exif.transposed ? row : column;
      const int y = exif.transposed ? column : row;
      const int to_x = exif.from_right ? image.width - 1 - x : x;
      const int to_y = exif.from_bottom ? image.height - 1 - y : y;
      std::copy_n(stored.rgb.begin() + 3 * (row * stored.width + column), 3,
                  image.rgb.begin() + 3 * (to_y * image.width + to_x));
    }
  }
  return image;
}

std::string with_exif(const std::string& jpeg, int orientation, bool big_endian) {
  return with_jpeg_segment(jpeg, 0xE1, std::string("Exif\0\0", 6) + exif_block(orientation, big_endian));
}

TEST_F(Orientation, OfJpegIsApplied) {
  const std::string jpeg = read_file(make("plain.jpg", waves(50, 34), "-q:v 2"));
  const RgbImage stored = read_image(folder_ / "plain.jpg");
  for (const Exif& exif : kOrientations) {
    for (const bool big_endian : {false, true}) {
      write_file(folder_ / "turned.jpg", with_exif(jpeg, exif.value, big_endian));
      EXPECT_EQ(read_image(folder_ / "turned.jpg"), shown(stored, exif)) << exif.value;
    }
  }
}

TEST_F(Orientation, OfPngAndWebPIsApplied) {
  const RgbImage stored = waves(50, 34);
  const std::string png = read_file(make("plain.png", stored)),
                    webp = read_file(make("plain.webp", stored, "-lossless 1"));
  for (const Exif& exif : kOrientations) {
    for (const bool big_endian : {false, true}) {
      write_file(folder_ / "turned.png", with_png_chunk(png, "eXIf", exif_block(exif.value, big_endian)));
      EXPECT_EQ(read_image(folder_ / "turned.png"), shown(stored, exif)) << exif.value;
      write_file(folder_ / "turned.webp", with_webp_chunk(webp, "EXIF", exif_block(exif.value, big_endian)));
      EXPECT_EQ(read_image(folder_ / "turned.webp"), shown(stored, exif)) << exif.value;
    }
  }
}

TEST_F(Orientation, OfTiffIsApplied) {
  const RgbImage stored = waves(50, 34);
  for (const Exif& exif : kOrientations) {
    for (const std::uint32_t tile : {0, 16}) {
      write_tiff(folder_ / "a.tif", samples_of(stored),
                 {.orientation = static_cast<std::uint16_t>(exif.value), .tile = tile});
      EXPECT_EQ(read_image(folder_ / "a.tif"), shown(stored, exif)) << exif.value << " " << tile;
    }
  }
}

TEST_F(Orientation, OfAvifAndHeicIsApplied) {
  const RgbImage stored = waves(64, 48);
  for (const Exif& exif : kOrientations) {
    for (const heif_compression_format codec : {heif_compression_AV1, heif_compression_HEVC}) {
      write_heif(folder_ / "a.heif", samples_of(stored), {.codec = codec, .orientation = exif.value});
      EXPECT_EQ(read_image(folder_ / "a.heif"), shown(stored, exif)) << exif.value << " " << codec;
    }
  }
}

TEST_F(Orientation, NoneAndNonsenseAreUpright) {
  const std::string jpeg = read_file(make("plain.jpg", waves(50, 34), "-q:v 2"));
  for (const int value : {0, 9, 700}) {
    write_file(folder_ / "odd.jpg", with_exif(jpeg, value, false));
    EXPECT_EQ(read_image(folder_ / "odd.jpg"), read_image(folder_ / "plain.jpg")) << value;
  }
}

TEST_F(Orientation, OfVideosIsApplied) {
  const auto plain = make("plain.mp4", waves(96, 64), "-pix_fmt yuv420p");
  const RgbImage stored = read_image(plain);
  // ffmpeg's "rotate" turns to the left; the expected picture is ffmpeg's own reading of the file.
  const std::pair<int, Exif> turns[] = {{90, kOrientations[7]}, {180, kOrientations[2]}, {270, kOrientations[5]}};
  for (const auto& [degrees, exif] : turns) {
    const auto path = folder_ / "turned.mp4";
    output_of("ffmpeg -nostdin -v error -y -i " + plain.string() +
              " -c copy -metadata:s:v rotate=" + std::to_string(degrees) + " " + path.string());
    const RgbImage expected = shown(stored, exif);
    EXPECT_EQ(read_image(path), expected) << degrees;
    EXPECT_EQ(judge(path, expected.width, expected.height).rgb.size(), expected.rgb.size());
    EXPECT_GT(psnr(judge(path, expected.width, expected.height), expected), 35) << degrees;
    VideoReader reader(path);
    EXPECT_EQ(reader.width(), expected.width);
    EXPECT_EQ(reader.height(), expected.height);
    RgbImage frame;
    ASSERT_TRUE(reader.next(frame));
    EXPECT_EQ(frame, expected) << degrees;
  }
}

}  // namespace
}  // namespace orrery
