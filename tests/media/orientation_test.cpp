#include <gtest/gtest.h>

#include <algorithm>

#include "core/file.h"
#include "media/image_reader.h"
#include "media/video_reader.h"
#include "media_files.h"

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

// The picture that a viewer shows.
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

// An APP1 segment whose only entry is the orientation, put behind the start of a JPEG file.
std::string with_exif(std::string jpeg, int orientation, bool big_endian) {
  const auto number = [&](unsigned value, std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
    if (big_endian) std::reverse(text.begin(), text.end());
    return text;
  };
  const std::string entry =
      number(0x112, 2) + number(3, 2) + number(1, 4) + number(static_cast<unsigned>(orientation), 2) + number(0, 2);
  const std::string tiff =
      (big_endian ? "MM" : "II") + number(42, 2) + number(8, 4) + number(1, 2) + entry + number(0, 4);
  const std::string body = std::string("Exif\0\0", 6) + tiff;
  const std::size_t size = body.size() + 2;
  return jpeg.insert(2,
                     std::string{'\xFF', '\xE1', static_cast<char>(size >> 8), static_cast<char>(size & 0xFF)} + body);
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
  // ffmpeg turns to the left by its "rotate", and its reading is the judge of what that means.
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
