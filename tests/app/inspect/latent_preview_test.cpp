#include "app/inspect/latent_preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "app/inspect/difference.h"
#include "app/inspect/inspection.h"
#include "base/core/error.h"

namespace orrery {
namespace {

// Latents of four channels and two frames of 2 x 3 cells, of which only channel 1 varies.
FloatArray ramp() {
  FloatArray video{{1, 4, 2, 2, 3}, std::vector<float>(48, 1.0F)};
  for (int i = 0; i < 12; ++i) video.values[static_cast<std::size_t>(12 + i)] = static_cast<float>(i);
  return video;
}

// The red value at the centre of a frame's cell.
int red(const RgbImage& sheet, int frame, int row, int column) {
  const int scale = 54;
  const int y = row * scale + scale / 2, x = frame * (3 * scale + 4) + column * scale + scale / 2;
  return sheet.rgb[static_cast<std::size_t>(3 * (y * sheet.width + x))];
}

TEST(LatentSheet, ShowsTheDirectionOfMostVariance) {
  const RgbImage sheet = latent_sheet(ramp());
  ASSERT_EQ(sheet.width, 2 * 3 * 54 + 4);
  ASSERT_EQ(sheet.height, 2 * 54);
  EXPECT_EQ(red(sheet, 0, 0, 0), 0);
  EXPECT_EQ(red(sheet, 1, 1, 2), 255);
  EXPECT_LT(red(sheet, 0, 0, 1), red(sheet, 0, 0, 2));
  EXPECT_LT(red(sheet, 0, 1, 2), red(sheet, 1, 0, 0));
  EXPECT_EQ(latent_sheet(ramp()), sheet);
}

TEST(LatentSheet, IsBlackWhereValuesAreNotFinite) {
  FloatArray video = ramp();
  video.values[12 + 11] = std::numeric_limits<float>::quiet_NaN();
  const RgbImage sheet = latent_sheet(video);
  EXPECT_EQ(red(sheet, 1, 1, 2), 0);
  EXPECT_EQ(red(sheet, 1, 1, 1), 255);
}

TEST(LatentSheet, TakesFewChannelsAndConstantOnes) {
  EXPECT_NO_THROW(latent_sheet({{1, 1, 1, 1, 1}, {3.0F}}));
  EXPECT_NO_THROW(latent_sheet({{1, 2, 1, 2, 2}, std::vector<float>(8, 2.0F)}));
  EXPECT_THROW(latent_sheet({{1, 1, 1, 1, 20000}, std::vector<float>(20000, 2.0F)}), InputError);
}

TEST(Statistics, CountWhatIsNotFinite) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<ValueStatistics> found = channel_statistics({{1, 2, 4}, {1, 2, 3, 4, std::nanf(""), inf, -inf, 2}});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].mean, 2.5);
  EXPECT_NEAR(found[0].deviation, std::sqrt(1.25), 1e-12);
  EXPECT_EQ(found[1].nan, 1);
  EXPECT_EQ(found[1].infinite, 2);
  EXPECT_EQ(found[1].min, 2);
  EXPECT_EQ(found[1].max, 2);
}

TEST(DifferenceOfValues, IsRelativeToTheExpected) {
  Difference difference;
  difference.add_frame<float>(std::vector<float>{3, 4}, std::vector<float>{3, 4});
  difference.add_frame<float>(std::vector<float>{0, 0}, std::vector<float>{0, 1});
  EXPECT_EQ(difference.max_abs(), 1);
  EXPECT_NEAR(difference.relative_rms(), 1.0 / 5, 1e-12);
  EXPECT_NEAR(difference.psnr(255), 10 * std::log10(255.0 * 255 * 4), 1e-9);
  EXPECT_EQ(difference.first_differing_frame(), 1);
  EXPECT_EQ(difference.range(), 4);
}

}  // namespace
}  // namespace orrery
