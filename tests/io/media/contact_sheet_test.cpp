#include "io/media/contact_sheet.h"

#include <gtest/gtest.h>

#include "base/core/error.h"

namespace orrery {
namespace {

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
