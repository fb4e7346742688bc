#include "app/inspect/latent_preview.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "base/core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kColours = 3;
constexpr std::int64_t kGap = 4;             // pixels between frames
constexpr std::int64_t kFrameWidth = 160;    // minimum, in pixels
constexpr std::int64_t kMostPixels = 16384;  // on each side

// The arrangement of the frames: `columns` in each row, with `scale` pixels on each side of a latent cell.
struct Grid {
  std::int64_t columns;
  std::int64_t rows;
  std::int64_t scale;
};

Grid grid_of(std::int64_t frames, std::int64_t height, std::int64_t width) {
  const double square = std::sqrt(static_cast<double>(frames * height) / static_cast<double>(width));
  const auto columns = std::clamp<std::int64_t>(std::llround(square * 4 / 3), 1, frames);
  return {columns, (frames + columns - 1) / columns, std::max<std::int64_t>(1, (kFrameWidth + width - 1) / width)};
}

// Principal directions (3, C): unit vectors by decreasing variance, with positive largest element; rows of zeros if C <
// 3.
at::Tensor main_directions(const at::Tensor& centred) {
  const at::Tensor covariance = centred.matmul(centred.t()) / static_cast<double>(centred.size(1));
  at::Tensor vectors = std::get<1>(at::linalg_eigh(covariance)).flip(1).t();
  const std::int64_t found = std::min(kColours, vectors.size(0));
  vectors = vectors.narrow(0, 0, found);
  const at::Tensor largest = vectors.gather(1, vectors.abs().argmax(1, true));
  const at::Tensor directions = at::zeros({kColours, centred.size(0)}, at::kDouble);
  directions.narrow(0, 0, found).copy_(vectors * at::where(largest < 0, -1.0, 1.0));
  return directions;
}

// Bytes (3, positions), each row stretched between its 1st and 99th percentile.
at::Tensor stretched(const at::Tensor& components) {
  const std::int64_t last = components.size(1) - 1;
  const at::Tensor sorted = std::get<0>(components.sort(1));
  const at::Tensor low = sorted.narrow(1, last / 100, 1);
  const at::Tensor range = (sorted.narrow(1, last - last / 100, 1) - low).clamp_min(1e-12);
  return ((components - low) / range * 255).clamp(0, 255).round();
}

// The colours of all latent cells: (t, h, w, 3) bytes.
at::Tensor colours_of(const FloatArray& video) {
  const auto& s = video.shape;
  const at::Tensor all = at::tensor(video.values, at::kDouble).view({s[1], -1});
  const at::Tensor finite = at::isfinite(all).all(0);
  const at::Tensor values = at::where(finite.unsqueeze(0), all, 0.0);
  const double count = std::max(1.0, finite.sum().item<double>());
  const at::Tensor centred = (values - values.sum(1, true) / count) * finite.to(at::kDouble).unsqueeze(0);
  const at::Tensor bytes = stretched(main_directions(centred).matmul(centred)) * finite.to(at::kDouble).unsqueeze(0);
  return bytes.to(at::kByte).view({kColours, s[2], s[3], s[4]}).permute({1, 2, 3, 0});
}

}  // namespace

RgbImage latent_sheet(const FloatArray& video) {
  require(video.shape.size() == 5, "video latents of shape " + shape_text(video.shape) + ", expected [1, C, t, h, w]");
  const at::Tensor colours = colours_of(video);
  const std::int64_t frames = colours.size(0);
  const Grid grid = grid_of(frames, colours.size(1), colours.size(2));
  const std::int64_t height = colours.size(1) * grid.scale, width = colours.size(2) * grid.scale;
  const std::int64_t sheet_height = grid.rows * (height + kGap) - kGap;
  const std::int64_t sheet_width = grid.columns * (width + kGap) - kGap;
  require_input(std::max(sheet_height, sheet_width) <= kMostPixels,
                fmt::format("a sheet of {}x{} pixels is too large for one picture, expected up to {} a side",
                            sheet_width, sheet_height, kMostPixels));
  const at::Tensor large = colours.repeat_interleave(grid.scale, 1).repeat_interleave(grid.scale, 2);
  const at::Tensor sheet = at::zeros({sheet_height, sheet_width, kColours}, at::kByte);
  for (std::int64_t i = 0; i < frames; ++i) {
    const std::int64_t y = i / grid.columns * (height + kGap), x = i % grid.columns * (width + kGap);
    sheet.narrow(0, y, height).narrow(1, x, width).copy_(large.select(0, i));
  }
  const auto* bytes = sheet.const_data_ptr<std::uint8_t>();
  return {static_cast<int>(sheet_width), static_cast<int>(sheet_height), {bytes, bytes + sheet.numel()}};
}

}  // namespace orrery
