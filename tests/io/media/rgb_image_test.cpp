#include "io/media/rgb_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/media_reader.h"
#include "media_files.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class Png : public MediaFiles {
 protected:
  std::filesystem::path path_ = folder_ / "a.png";
};

TEST_F(Png, ComesBackExactly) {
  for (const auto& [width, height] : {std::pair{1, 1}, std::pair{37, 23}, std::pair{320, 192}}) {
    const RgbImage image = waves(width, height);
    write_png(path_, width, height, image.rgb);
    EXPECT_EQ(judge(path_, width, height), image);
    EXPECT_EQ(read_image(path_), image);
    EXPECT_FALSE(std::filesystem::exists(path_.string() + ".tmp"));
  }
  const Json stream = probe(path_)["streams"][0];
  EXPECT_EQ(stream["codec_name"], "png");
  EXPECT_EQ(stream["pix_fmt"], "rgb24");
}

TEST_F(Png, SamePixelsGiveTheSameBytes) {
  const RgbImage image = waves(64, 48);
  write_png(path_, 64, 48, image.rgb);
  write_png(folder_ / "b.png", 64, 48, image.rgb);
  EXPECT_EQ(read_file(path_), read_file(folder_ / "b.png"));
}

TEST_F(Png, RefusesWhatIsNoPicture) {
  const std::vector<std::uint8_t> rgb(12);
  for (const auto& [width, height] :
       {std::pair{0, 2}, std::pair{2, 0}, std::pair{-2, -2}, std::pair{3, 2}, std::pair{3, 1}}) {
    EXPECT_THAT([&] { write_png(path_, width, height, rgb); },
                ThrowsMessage<Error>(HasSubstr("a.png: 12 bytes are no")));
  }
  EXPECT_THAT([&] { write_png(folder_ / "no" / "a.png", 2, 2, rgb); }, ThrowsMessage<Error>(HasSubstr("no/a.png")));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

using Pixels = std::vector<std::uint8_t>;

Pixels plain(int width, int height, int value) {
  return Pixels(static_cast<std::size_t>(3 * width * height), static_cast<std::uint8_t>(value));
}

int at(const RgbImage& image, int x, int y) { return image.rgb[static_cast<std::size_t>(3 * (y * image.width + x))]; }

TEST(Sheet, ShowsFramesFromTheFirstToTheLast) {
  ContactSheet sheet(8, 4, 23);
  for (int i = 0; i < 23; ++i) sheet.add(plain(8, 4, i + 1));
  const RgbImage& picture = sheet.picture();
  EXPECT_EQ(picture.width, 4 * 8 + 3 * 4);
  EXPECT_EQ(picture.height, 3 * 4 + 2 * 4);
  EXPECT_EQ(at(picture, 0, 0), 1);
  EXPECT_EQ(at(picture, 12, 0), 3);
  EXPECT_EQ(at(picture, 0, 8), 9);
  EXPECT_EQ(at(picture, 36 + 7, 16 + 3), 23);
  EXPECT_EQ(at(picture, 9, 0), 0) << "between two frames";
  EXPECT_THROW(sheet.add(plain(8, 4, 0)), Error);
}

TEST(Sheet, HasOneTileForAFrame) {
  ContactSheet sheet(8, 4, 1);
  sheet.add(plain(8, 4, 7));
  EXPECT_EQ(sheet.picture(), (RgbImage{8, 4, plain(8, 4, 7)}));
}

TEST(Sheet, AveragesWhatItMakesSmaller) {
  ContactSheet sheet(640, 2, 1);
  Pixels frame = plain(640, 2, 10);
  frame[0] = 13;  // of four, the mean of 13, 10, 10, 10 rounds to 11
  sheet.add(frame);
  EXPECT_EQ(sheet.picture().width, 320);
  EXPECT_EQ(sheet.picture().height, 1);
  EXPECT_EQ(at(sheet.picture(), 0, 0), 11);
  EXPECT_EQ(at(sheet.picture(), 1, 0), 10);
  EXPECT_THROW(sheet.add(plain(8, 4, 0)), Error);
}

}  // namespace

}  // namespace orrery
