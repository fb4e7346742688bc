#include "pipeline/condition_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "base/core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 28;

struct Size {
  std::int64_t height;
  std::int64_t width;
};

std::string text(Size size) { return fmt::format("{}x{}", size.width, size.height); }

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The smallest size with the image's aspect ratio that covers `target`. Computed in integers: a floating-point scale
// would turn exact multiples into one pixel more.
Size covering(Size image, Size target) {
  if (target.width * image.height >= target.height * image.width) {
    return {divide_up(image.height * target.width, image.width), target.width};
  }
  return {target.height, divide_up(image.width * target.height, image.height)};
}

// excess / 2, with halves rounded to even.
std::int64_t half_to_even(std::int64_t excess) {
  const std::int64_t below = excess / 2;
  return excess % 2 == 1 && below % 2 == 1 ? below + 1 : below;
}

// The source values of one output value: from `first` on, with weights that add up to 1.
struct Taps {
  std::int64_t first;
  std::vector<double> weights;
};

// A triangle around the position of output `index` (of `to`) in a row of `from` values, widened when the row shrinks.
Taps triangle(std::int64_t from, std::int64_t to, std::int64_t index) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double radius = std::max(scale, 1.0);
  const double centre = (static_cast<double>(index) + 0.5) * scale;
  Taps taps{std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(centre - radius - 0.5))), {}};
  const std::int64_t end = std::min(from, static_cast<std::int64_t>(std::ceil(centre + radius + 0.5)));
  for (std::int64_t i = taps.first; i < end; ++i) {
    taps.weights.push_back(std::max(0.0, 1 - std::abs(static_cast<double>(i) + 0.5 - centre) / radius));
  }
  const double sum = std::accumulate(taps.weights.begin(), taps.weights.end(), 0.0);
  for (double& weight : taps.weights) weight /= sum;
  return taps;
}

// The triangles of `count` outputs from `begin` on.
std::vector<Taps> triangles(std::int64_t from, std::int64_t to, std::int64_t begin, std::int64_t count) {
  std::vector<Taps> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(triangle(from, to, begin + i));
  return all;
}

// Adds the weighted sum of whole source rows of `values` values each to `sum`.
template <class Value>
void add_rows(const Value* rgb, std::int64_t values, const Taps& down, std::vector<double>& sum) {
  std::fill(sum.begin(), sum.end(), 0.0);
  for (std::size_t i = 0; i < down.weights.size(); ++i) {
    const Value* row = rgb + (down.first + static_cast<std::int64_t>(i)) * values;
    for (std::size_t x = 0; x < sum.size(); ++x) sum[x] += down.weights[i] * static_cast<double>(row[x]);
  }
}

// Writes row `y` of `out` (3, H, W) from one row of RGB.
void write_row(const std::vector<double>& row, const std::vector<Taps>& across, std::int64_t y, at::Tensor& out) {
  auto to = out.accessor<float, 3>();
  for (std::size_t x = 0; x < across.size(); ++x) {
    for (std::size_t c = 0; c < 3; ++c) {
      double value = 0;
      const std::size_t first = static_cast<std::size_t>(across[x].first);
      for (std::size_t i = 0; i < across[x].weights.size(); ++i) {
        value += across[x].weights[i] * row[3 * (first + i) + c];
      }
      to[static_cast<std::int64_t>(c)][y][static_cast<std::int64_t>(x)] = static_cast<float>(value);
    }
  }
}

// The centre (3, target height, target width) of `picture` resized to `resized`. Computes only this part, since the
// rest of a long and thin image could take gigabytes.
template <class Value>
at::Tensor resized_middle(const at::Tensor& picture, Size resized, Size target) {
  const at::Tensor source = picture.to(at::kCPU).contiguous();
  const auto down =
      triangles(source.size(0), resized.height, half_to_even(resized.height - target.height), target.height);
  const auto across =
      triangles(source.size(1), resized.width, half_to_even(resized.width - target.width), target.width);
  at::Tensor out = at::empty({3, target.height, target.width}, at::kFloat);
  std::vector<double> row(static_cast<std::size_t>(3 * source.size(1)));
  for (std::int64_t y = 0; y < target.height; ++y) {
    add_rows(source.const_data_ptr<Value>(), 3 * source.size(1), down[static_cast<std::size_t>(y)], row);
    write_row(row, across, y, out);
  }
  return out;
}

void require_sane(Size image, Size target, Size resized) {
  // Compares by division, since the product of two absurd sides could overflow.
  require_input(
      resized.height <= kMostPixels / resized.width,
      fmt::format("found an image of {} pixels, which must grow to {} to cover {}; expected at most {} pixels: "
                  "cut it to about the shape of the video",
                  text(image), text(resized), text(target), kMostPixels));
}

}  // namespace

at::Tensor covering_picture(const at::Tensor& picture, std::int64_t height, std::int64_t width) {
  require(picture.dim() == 3 && picture.size(2) == 3 && picture.numel() > 0, "a picture is (H, W, 3), and not empty");
  require(height > 0 && width > 0, "a video has at least one pixel");
  const Size image{picture.size(0), picture.size(1)};
  const Size target{height, width};
  const Size resized = covering(image, target);
  require_sane(image, target, resized);
  if (picture.scalar_type() == at::kByte) return resized_middle<std::uint8_t>(picture, resized, target);
  require(picture.scalar_type() == at::kFloat, "a picture has values of 8 bits or in float32");
  return resized_middle<float>(picture, resized, target);
}

at::Tensor condition_pixels(const at::Tensor& rgb, std::int64_t height, std::int64_t width) {
  require(rgb.scalar_type() == at::kByte, "a condition image has values of 8 bits");
  return covering_picture(rgb, height, width).round_().clamp_(0, 255).div_(127.5).sub_(1).unsqueeze(1);
}

at::Tensor frame_pixels(const at::Tensor& rgb, std::int64_t height, std::int64_t width) {
  require(rgb.scalar_type() == at::kByte, "a video's frame has values of 8 bits");
  return covering_picture(rgb, height, width).div_(127.5).sub_(1).unsqueeze(1);
}

}  // namespace orrery
