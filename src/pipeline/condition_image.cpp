#include "pipeline/condition_image.h"

#include <string>

#include "core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 28;

struct Size {
  std::int64_t height;
  std::int64_t width;
};

std::string text(Size size) { return std::to_string(size.width) + "x" + std::to_string(size.height); }

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The smallest size of the image's shape that covers `target`. In whole numbers: a scale in floating point turns exact
// multiples into one pixel more.
Size covering(Size image, Size target) {
  if (target.width * image.height >= target.height * image.width) {
    return {divide_up(image.height * target.width, image.width), target.width};
  }
  return {target.height, divide_up(image.width * target.height, image.height)};
}

// excess / 2, halves to the even neighbour.
std::int64_t half_to_even(std::int64_t excess) {
  const std::int64_t below = excess / 2;
  return excess % 2 == 1 && below % 2 == 1 ? below + 1 : below;
}

void require_sane(Size image, Size target, Size resized) {
  // By division: the product of two absurd sides may not fit.
  require_input(resized.height <= kMostPixels / resized.width,
                "found an image of " + text(image) + " pixels, which must grow to " + text(resized) + " to cover " +
                    text(target) + "; expected at most " + std::to_string(kMostPixels) +
                    " pixels: cut it to about the shape of the video");
}

}  // namespace

at::Tensor condition_pixels(const at::Tensor& rgb, std::int64_t height, std::int64_t width) {
  require(rgb.dim() == 3 && rgb.size(2) == 3 && rgb.numel() > 0 && rgb.scalar_type() == at::kByte,
          "a condition image is (H, W, 3) in 8 bits, and not empty");
  require(height > 0 && width > 0, "a video has at least one pixel");
  const Size image{rgb.size(0), rgb.size(1)};
  const Size target{height, width};
  const Size resized = covering(image, target);
  require_sane(image, target, resized);
  const at::Tensor planes = rgb.to(at::kCPU, at::kFloat).permute({2, 0, 1}).unsqueeze(0).contiguous();
  return at::_upsample_bilinear2d_aa(planes, {resized.height, resized.width}, false)
      .narrow(2, half_to_even(resized.height - height), height)
      .narrow(3, half_to_even(resized.width - width), width)
      .round()
      .clamp_(0, 255)
      .div_(127.5)
      .sub_(1)
      .squeeze(0)
      .unsqueeze(1)
      .contiguous();
}

}  // namespace orrery
