#pragma once

#include "models/cosmos3/config.h"
#include "models/wan/config.h"

namespace orrery {

// The sizes of the published smaller model's transformer (MODEL.md §1).
inline Cosmos3Config nano_config() {
  Cosmos3Config config;
  config.hidden_size = 4096;
  config.intermediate_size = 12288;
  config.num_hidden_layers = 36;
  config.num_attention_heads = 32;
  config.num_key_value_heads = 8;
  config.head_dim = 128;
  config.latent_channel = 48;
  config.sound_dim = 64;
  return config;
}

// The published video VAE's decoder (MODEL.md §6).
inline WanConfig nano_vae_config() {
  WanConfig c;
  c.z_dim = 48;
  c.decoder_base_dim = 256;
  c.num_res_blocks = 2;
  c.dim_mult = {1, 2, 4, 4};
  c.temporal_downsample = {false, true, true};
  return c;
}

}  // namespace orrery
