#include "io/media/video_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/core/error.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

struct Case {
  double fps;
  Fraction fraction;
};

TEST(Fraction, MeansTheUsualRates) {
  const Case cases[] = {{24, {24, 1}},
                        {1, {1, 1}},
                        {12.5, {25, 2}},
                        {0.5, {1, 2}},
                        {23.976, {24000, 1001}},
                        {24000.0 / 1001, {24000, 1001}},
                        {29.97, {30000, 1001}},
                        {59.94, {60000, 1001}},
                        {119.88, {120000, 1001}},
                        {1.0 / 3, {1, 3}},
                        {7.2, {36, 5}},
                        {23.9999999, {24, 1}},
                        {24.0000001, {24, 1}},
                        {1000, {1000, 1}}};
  for (const Case& each : cases) EXPECT_EQ(fps_fraction(each.fps), each.fraction) << each.fps;
}

TEST(Fraction, IsNeverFarOff) {
  for (double fps = 0.0123; fps < 1000; fps = fps * 1.0137 + 0.001) {
    const Fraction fraction = fps_fraction(fps);
    const double error = std::abs(fps - static_cast<double>(fraction.numerator) / fraction.denominator);
    EXPECT_LE(error, fraction.denominator == 1001 ? 2e-4 : 1e-6) << fps;
  }
}

TEST(Fraction, RefusesWhatIsNoRate) {
  for (const double fps : {0.0, -24.0, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT([&] { fps_fraction(fps); }, ThrowsMessage<InputError>(HasSubstr("fps is "))) << fps;
  }
}

}  // namespace
}  // namespace orrery
