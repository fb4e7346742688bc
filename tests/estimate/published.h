#pragma once

#include "pipeline/memory.h"

namespace orrery {

// The sizes of the published smaller model (MODEL.md §1).
inline ModelSizes nano_sizes(std::int64_t cfg = 1, std::int64_t tp = 1) {
  ModelSizes sizes;
  Cosmos3Config& c = sizes.transformer;
  c.hidden_size = 4096;
  c.intermediate_size = 12288;
  c.num_hidden_layers = 36;
  c.num_attention_heads = 32;
  c.num_key_value_heads = 8;
  c.head_dim = 128;
  c.latent_channel = 48;
  c.sound_dim = 64;
  WanConfig& vae = sizes.vae;
  vae.z_dim = 48;
  vae.decoder_base_dim = 256;
  vae.dim_mult = {1, 2, 4, 4};
  vae.num_res_blocks = 2;
  vae.temporal_downsample = {false, true, true};
  sizes.layout = {cfg, tp, 2};
  return sizes;
}

}  // namespace orrery
