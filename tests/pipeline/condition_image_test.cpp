#include "pipeline/condition_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/core/error.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

struct Placement {
  std::int64_t resized;
  std::int64_t offset;
};

// What output pixel `i` of `out` takes from each of `in` pixels: a triangle around its centre, widened by the scale
// where the picture shrinks, in proportion.
std::vector<double> triangle(std::int64_t in, std::int64_t out, std::int64_t i) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double radius = std::max(scale, 1.0);
  const double centre = (static_cast<double>(i) + 0.5) * scale;
  std::vector<double> weights;
  double sum = 0;
  for (std::int64_t j = 0; j < in; ++j) {
    weights.push_back(std::max(0.0, 1 - std::abs(static_cast<double>(j) + 0.5 - centre) / radius));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

at::Tensor triangles(std::int64_t in, std::int64_t target, Placement place) {
  at::Tensor rows = at::empty({target, in}, at::kDouble);
  for (std::int64_t i = 0; i < target; ++i) {
    rows[i].copy_(at::tensor(triangle(in, place.resized, place.offset + i), at::kDouble));
  }
  return rows;
}

// The 8-bit values (3, height, width) before rounding, by the definition of the filter, in double.
at::Tensor expected_values(const at::Tensor& rgb, std::int64_t height, std::int64_t width, Placement down,
                           Placement across) {
  const at::Tensor planes = rgb.permute({2, 0, 1}).to(at::kDouble);
  const at::Tensor rows = triangles(rgb.size(0), height, down);
  const at::Tensor columns = triangles(rgb.size(1), width, across);
  return at::matmul(at::matmul(rows, planes), columns.t());
}

// The 8-bit values (3, height, width) that were mapped to [-1, 1].
at::Tensor found_values(const at::Tensor& rgb, std::int64_t height, std::int64_t width) {
  const at::Tensor pixels = condition_pixels(rgb, height, width);
  EXPECT_EQ(pixels.sizes(), (std::vector<std::int64_t>{3, 1, height, width}));
  EXPECT_EQ(pixels.scalar_type(), at::kFloat);
  EXPECT_TRUE(pixels.is_contiguous());
  const at::Tensor values = pixels.squeeze(1).to(at::kDouble).add(1).mul(127.5);
  EXPECT_LT((values - values.round()).abs().max().item<double>(), 1e-4) << "not whole numbers";
  return values.round();
}

// Every value differs from its neighbours, and no two places look alike.
at::Tensor picture(std::int64_t height, std::int64_t width) {
  return (at::arange(height * width * 3, at::kLong) * 7919 % 251).to(at::kByte).view({height, width, 3});
}

at::Tensor checker(std::int64_t height, std::int64_t width) {
  const at::Tensor odd = (at::arange(height).unsqueeze(1) + at::arange(width)).remainder(2);
  return (odd * 255).to(at::kByte).unsqueeze(2).expand({height, width, 3});
}

TEST(ConditionPixels, KeepAnImageOfTheRightSize) {
  const at::Tensor rgb = picture(48, 80);
  EXPECT_TRUE(at::equal(found_values(rgb, 48, 80), rgb.permute({2, 0, 1}).to(at::kDouble)));
}

TEST(ConditionPixels, SpanMinusOneToOne) {
  const at::Tensor pixels = condition_pixels(checker(2, 2), 2, 2);
  EXPECT_EQ(pixels.min().item<float>(), -1);
  EXPECT_EQ(pixels.max().item<float>(), 1);
}

// By hand: an output pixel weighs four pixels a side by 1, 3, 3, 1 eighths; at the edge three by 3, 3, 1 sevenths.
TEST(ConditionPixels, HalveACheckerBoard) {
  const at::Tensor values = found_values(checker(8, 8), 4, 4)[0];
  const double corner = 255.0 * (2 * 3 * 3 + 2 * 3 * 1) / 49;  // odd places: (0,1), (1,0), (1,2), (2,1)
  EXPECT_EQ(values[0][0].item<double>(), std::round(corner));
  EXPECT_EQ(values[1][1].item<double>(), 128);  // 127.5, to the even neighbour
  EXPECT_EQ(values[1][2].item<double>(), 128);
}

// By hand: at twice the size pixels weigh 3 and 1 quarters, at the edge one pixel counts alone.
TEST(ConditionPixels, DoubleAStep) {
  const at::Tensor rgb = at::tensor({0, 200}, at::kByte).view({1, 2, 1}).expand({1, 2, 3});
  const at::Tensor values = found_values(rgb, 2, 4)[0];
  EXPECT_TRUE(at::equal(values, at::tensor({0., 50., 150., 200.}, at::kDouble).expand({2, 4})));
}

TEST(ConditionPixels, AreConstantForOnePixel) {
  const at::Tensor rgb = at::tensor({10, 20, 30}, at::kByte).view({1, 1, 3});
  const at::Tensor expected = at::tensor({10., 20., 30.}, at::kDouble).view({3, 1, 1}).expand({3, 16, 48});
  EXPECT_TRUE(at::equal(found_values(rgb, 16, 48), expected));
}

// How far whole numbers may be from the exact values. Rounding moves them by a half at most; the filter's places are
// float32 numbers up to the image's side, and a place that is off by one unit changes a value by up to 255 of those.
double rounding_error(const at::Tensor& rgb) {
  return 0.5 + 255 * std::ldexp(static_cast<double>(std::max(rgb.size(0), rgb.size(1))), -23);
}

struct Case {
  const char* name;
  std::int64_t image_height, image_width, height, width;
  Placement down, across;
};

class Covers : public testing::TestWithParam<Case> {};

TEST_P(Covers, AsTheFilterIsDefined) {
  const Case& c = GetParam();
  const at::Tensor rgb = picture(c.image_height, c.image_width);
  const at::Tensor expected = expected_values(rgb, c.height, c.width, c.down, c.across);
  EXPECT_LE((found_values(rgb, c.height, c.width) - expected).abs().max().item<double>(), rounding_error(rgb));
}

INSTANTIATE_TEST_SUITE_P(Sizes, Covers,
                         testing::Values(Case{"half", 96, 160, 48, 80, {48, 0}, {80, 0}},
                                         Case{"third", 144, 240, 48, 80, {48, 0}, {80, 0}},
                                         Case{"double", 24, 40, 48, 80, {48, 0}, {80, 0}},
                                         Case{"odd", 37, 53, 48, 80, {56, 4}, {80, 0}},
                                         Case{"odd_shrinks", 101, 163, 48, 80, {50, 1}, {80, 0}},
                                         Case{"portrait_into_landscape", 90, 60, 48, 80, {120, 36}, {80, 0}},
                                         Case{"landscape_into_portrait", 60, 90, 80, 48, {80, 0}, {120, 36}},
                                         Case{"long_and_thin", 5, 200, 32, 32, {32, 0}, {1280, 624}},
                                         Case{"one_column", 6000, 1, 32, 32, {192000, 95984}, {32, 0}},
                                         // Half the excess: 0.5 to 0, 1.5 to 2, 2.5 to 2, 3.5 to 4.
                                         Case{"excess_1", 17, 16, 16, 16, {17, 0}, {16, 0}},
                                         Case{"excess_3", 19, 16, 16, 16, {19, 2}, {16, 0}},
                                         Case{"excess_5", 16, 21, 16, 16, {16, 0}, {21, 2}},
                                         Case{"excess_7", 16, 23, 16, 16, {16, 0}, {23, 4}}),
                         [](const auto& instance) { return std::string(instance.param.name); });

// Images of the target's own shape for which ceil(scale · side) in double is one pixel too many.
TEST(ConditionPixels, NeverGrowExactMultiplesByOne) {
  for (const std::int64_t width : {273, 279, 297, 315, 351, 369}) {
    ASSERT_EQ(std::ceil(48.0 / static_cast<double>(width) * static_cast<double>(width)), 49);
    const at::Tensor rgb = picture(width / 3, width);
    const at::Tensor expected = expected_values(rgb, 16, 48, {16, 0}, {48, 0});
    EXPECT_LE((found_values(rgb, 16, 48) - expected).abs().max().item<double>(), rounding_error(rgb)) << width;
  }
}

TEST(ConditionPixels, RefuseAbsurdShapes) {
  EXPECT_THAT(
      [] {
        condition_pixels(at::zeros({1, 5000, 3}, at::kByte), 720, 1280);
      },
      ThrowsMessage<InputError>(AllOf(HasSubstr("5000x1 pixels"), HasSubstr("3600000x720"), HasSubstr("cover 1280x720"),
                                      HasSubstr("268435456"))));
}

TEST(ConditionPixels, RefuseWhatIsNoImage) {
  for (const at::Tensor& bad : {at::zeros({4, 4, 4}, at::kByte), at::zeros({4, 4, 3}), at::zeros({0, 4, 3}, at::kByte),
                                at::zeros({4, 4}, at::kByte)}) {
    EXPECT_THROW(condition_pixels(bad, 16, 16), Error);
  }
}

}  // namespace
}  // namespace orrery
