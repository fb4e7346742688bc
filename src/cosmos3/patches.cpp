#include "cosmos3/patches.h"

namespace orrery {

VideoGrid patch_grid(at::IntArrayRef latent_shape) {
  return {latent_shape[1], (latent_shape[2] + 1) / 2, (latent_shape[3] + 1) / 2};
}

at::Tensor patchify(const at::Tensor& latent) {
  const VideoGrid grid = patch_grid(latent.sizes());
  const std::int64_t channels = latent.size(0);
  const at::Tensor padded = at::constant_pad_nd(latent, {0, latent.size(3) % 2, 0, latent.size(2) % 2});
  return padded.view({channels, grid.frames, grid.rows, 2, grid.columns, 2})
      .permute({1, 2, 4, 3, 5, 0})
      .reshape({grid.tokens(), 4 * channels});
}

at::Tensor unpatchify(const at::Tensor& tokens, at::IntArrayRef latent_shape) {
  const VideoGrid grid = patch_grid(latent_shape);
  const std::int64_t channels = latent_shape[0];
  const at::Tensor padded = tokens.view({grid.frames, grid.rows, grid.columns, 2, 2, channels})
                                .permute({5, 0, 1, 3, 2, 4})
                                .reshape({channels, grid.frames, 2 * grid.rows, 2 * grid.columns});
  return padded.narrow(2, 0, latent_shape[2]).narrow(3, 0, latent_shape[3]).contiguous();
}

}  // namespace orrery
