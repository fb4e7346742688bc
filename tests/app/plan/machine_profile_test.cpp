#include "app/plan/machine_profile.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery {
namespace {

TEST(RateCurve, GoesThroughItsPointsAndStaysBeyondThem) {
  const RateCurve curve({{10000, 7}, {100, 3}, {1000, 5}});
  EXPECT_DOUBLE_EQ(curve.at(100), 3);
  EXPECT_DOUBLE_EQ(curve.at(1000), 5);
  EXPECT_DOUBLE_EQ(curve.at(10000), 7);
  EXPECT_DOUBLE_EQ(curve.at(1), 3);
  EXPECT_DOUBLE_EQ(curve.at(1e6), 7);
}

TEST(RateCurve, IsLinearInTheLogarithm) {
  const RateCurve curve({{100, 3}, {10000, 7}});
  EXPECT_DOUBLE_EQ(curve.at(1000), 5);
  EXPECT_DOUBLE_EQ(curve.times(2).at(1000), 10);
}

TEST(RateCurve, OfOnePointIsTheSameEverywhere) {
  const RateCurve curve({{500, 4}});
  EXPECT_DOUBLE_EQ(curve.at(5), 4);
  EXPECT_DOUBLE_EQ(curve.at(50000), 4);
  EXPECT_TRUE(RateCurve().empty());
}

}  // namespace
}  // namespace orrery
