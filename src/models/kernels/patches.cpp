#include "models/kernels/patches.h"

#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_layout.h"

namespace orrery {
namespace {

std::int64_t patches(std::int64_t pixels) { return (pixels + 1) / 2; }

bool latent_fits(const at::Tensor& latent) {
  constexpr std::int64_t kPack = 8;
  return latent.is_cuda() && latent.scalar_type() == at::kFloat && latent.is_contiguous() && latent.numel() > 0 &&
         latent.size(0) % kPack == 0;
}

PatchesLaunch launch_of(const at::Tensor& latent, const at::Tensor& tokens) {
  return {.latent = latent.data_ptr<float>(),
          .tokens = tokens.data_ptr<at::BFloat16>(),
          .channels = latent.size(0),
          .frames = latent.size(1),
          .height = latent.size(2),
          .width = latent.size(3)};
}

}  // namespace

at::Tensor patchify(const at::Tensor& latent, at::ScalarType dtype) {
  if (!latent_fits(latent) || dtype != at::kBFloat16) return patchify_aten(latent, dtype);
  const std::int64_t count = latent.size(1) * patches(latent.size(2)) * patches(latent.size(3));
  at::Tensor tokens = at::empty({count, 4 * latent.size(0)}, latent.options().dtype(dtype));
  launch(PatchifyLaunch{launch_of(latent, tokens)}, latent.get_device());
  return tokens;
}

at::Tensor unpatchify(const at::Tensor& tokens, at::IntArrayRef latent_shape) {
  at::Tensor latent = at::empty(latent_shape, tokens.options().dtype(at::kFloat));
  if (!latent_fits(latent) || !packed_rows(tokens) || !tokens.is_contiguous())
    return unpatchify_aten(tokens, latent_shape);
  launch(UnpatchifyLaunch{launch_of(latent, tokens)}, latent.get_device());
  return latent;
}

at::Tensor patchify_aten(const at::Tensor& latent, at::ScalarType dtype) {
  const std::int64_t channels = latent.size(0);
  const std::int64_t rows = patches(latent.size(2));
  const std::int64_t columns = patches(latent.size(3));
  const at::Tensor padded = at::constant_pad_nd(latent, {0, latent.size(3) % 2, 0, latent.size(2) % 2});
  return padded.view({channels, latent.size(1), rows, 2, columns, 2})
      .permute({1, 2, 4, 3, 5, 0})
      .reshape({-1, 4 * channels})
      .to(dtype);
}

at::Tensor unpatchify_aten(const at::Tensor& tokens, at::IntArrayRef latent_shape) {
  const std::int64_t rows = patches(latent_shape[2]);
  const std::int64_t columns = patches(latent_shape[3]);
  const at::Tensor padded = tokens.view({latent_shape[1], rows, columns, 2, 2, latent_shape[0]})
                                .permute({5, 0, 1, 3, 2, 4})
                                .reshape({latent_shape[0], latent_shape[1], 2 * rows, 2 * columns});
  return padded.narrow(2, 0, latent_shape[2]).narrow(3, 0, latent_shape[3]).to(at::kFloat).contiguous();
}

}  // namespace orrery
