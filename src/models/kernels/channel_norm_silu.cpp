#include "models/kernels/channel_norm_silu.h"

#include <cstdint>

#include "models/kernels/gpu_layout.h"

namespace orrery {
namespace {

// Whether the kernel can read `gain` in place: it reads four numbers at a time.
bool gain_in_place(const at::Tensor& gain) {
  constexpr std::uintptr_t kBytes = 16;
  return gain.is_contiguous() && reinterpret_cast<std::uintptr_t>(gain.const_data_ptr()) % kBytes == 0;
}

}  // namespace

void channel_norm_silu(const at::Tensor& x, const at::Tensor& bias, const at::Tensor& gain, const at::Tensor& out) {
  const bool fits =
      packed_pixels(x) && packed_pixels(out) && gain_in_place(gain) && x.size(1) <= std::int64_t{kMostNormChannels};
  if (!fits) return channel_norm_silu_aten(x, bias, gain, out);
  launch(ChannelNormSiluLaunch{.x = pixels_of(x),
                               .bias = bias.defined() ? bias.const_data_ptr<at::BFloat16>() : nullptr,
                               .gain = gain.const_data_ptr<float>(),
                               .out = pixels_of(out),
                               .size = pixel_count(out)},
         x.get_device());
}

void channel_norm_silu_aten(const at::Tensor& x, const at::Tensor& bias, const at::Tensor& gain,
                            const at::Tensor& out) {
  at::Tensor y = channel_norm_aten(bias.defined() ? x + bias.view({-1, 1, 1, 1}) : x, gain);
  out.copy_(at::silu_(y));
}

at::Tensor channel_norm_aten(const at::Tensor& x, const at::Tensor& gain) {
  const at::Tensor length = at::linalg_vector_norm(x, 2, {1}, true, at::kFloat).clamp_min_(1e-12);
  return at::div(x, length).mul_(gain.view({-1, 1, 1, 1})).to(x.scalar_type());
}

}  // namespace orrery
