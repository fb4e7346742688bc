#include "models/kernels/narrow_conv.h"

#include "models/kernels/gpu_layout.h"

namespace orrery {
namespace {

constexpr std::int64_t kTaps = 3;
constexpr std::int64_t kBorder = kTaps - 1;
constexpr std::int64_t kChunk = 16;  // channels summed by one tensor core product

bool suits(const at::Tensor& weight) {
  return weight.is_cuda() && weight.scalar_type() == at::kBFloat16 && weight.size(0) == NarrowConv::kOutputs &&
         weight.size(1) % kChunk == 0 && weight.size(2) == kTaps && weight.size(3) == kTaps &&
         weight.size(4) == kTaps && runs_narrow_conv(weight.get_device());
}

}  // namespace

at::Tensor narrow_weight(const at::Tensor& weight) {
  constexpr std::int64_t kTile = 8;  // outputs of one tensor core product
  const std::int64_t channels = weight.size(1);
  const at::Tensor tiles = at::zeros({2 * kTile, channels, kTaps, kTaps, kTaps}, weight.options());
  tiles.narrow(0, 0, weight.size(0)).copy_(weight);
  // (output / 8, output % 8, chunk, channel / 8 % 2, channel % 8 / 2, channel % 2, frame, row, column)
  return tiles.view({2, kTile, channels / kChunk, 2, 4, 2, kTaps, kTaps, kTaps})
      .permute({2, 7, 8, 6, 1, 4, 0, 3, 5})
      .reshape({channels / kChunk, kTaps, kTaps, kTaps, 32, 2, 2, 2});
}

NarrowConv::NarrowConv(const at::Tensor& weight, const at::Tensor& bias) {
  if (!suits(weight)) return;
  weight_ = narrow_weight(weight);
  bias_ = bias;
}

bool NarrowConv::takes(const at::Tensor& x) const {
  return weight_.defined() && packed_pixels(x) && x.size(1) == weight_.size(0) * kChunk && x.size(2) > kBorder &&
         (x.size(2) - kBorder) % kNarrowConvFrames == 0 && x.size(3) > kBorder && x.size(4) > kBorder;
}

at::Tensor NarrowConv::operator()(const at::Tensor& x) const {
  const std::int64_t frames = x.size(2) - kBorder, rows = x.size(3) - kBorder, columns = x.size(4) - kBorder;
  const at::Tensor out = at::empty({1, frames, rows, columns, kOutputs}, x.options());
  PixelCount size = pixel_count(x);
  size.frames -= kBorder;
  size.rows -= kBorder;
  size.columns -= kBorder;
  launch(NarrowConvLaunch{.x = pixels_of(x),
                          .weight = weight_.const_data_ptr<at::BFloat16>(),
                          .bias = bias_.const_data_ptr<at::BFloat16>(),
                          .out = out.data_ptr<at::BFloat16>(),
                          .size = size},
         x.get_device());
  return out.permute({0, 4, 1, 2, 3});
}

}  // namespace orrery
