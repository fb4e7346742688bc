#pragma once

#include "pipeline/clip_needs.h"
#include "support/nano.h"

namespace orrery {

// The sizes of the published smaller model (MODEL.md §1).
inline ModelSizes nano_sizes(const GridShape& grid = {}) {
  ModelSizes sizes;
  sizes.transformer = nano_config();
  WanConfig& vae = sizes.vae;
  vae.z_dim = 48;
  vae.decoder_base_dim = 256;
  vae.dim_mult = {1, 2, 4, 4};
  vae.num_res_blocks = 2;
  vae.temporal_downsample = {false, true, true};
  sizes.layout = {grid, 2};
  return sizes;
}

}  // namespace orrery
