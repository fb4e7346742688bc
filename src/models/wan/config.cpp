#include "models/wan/config.h"

#include <algorithm>

#include "base/core/config_reader.h"

namespace orrery {
namespace {

void require_implemented(const ConfigReader& reader) {
  reader.require_only_if_given("_class_name", "AutoencoderKLWan");
  reader.require_only("is_residual", true);
  reader.require_only("patch_size", WanConfig::kPatch);
  reader.require_only("in_channels", WanConfig::kPatchChannels);
  reader.require_only("out_channels", WanConfig::kPatchChannels);
  reader.require_only("scale_factor_spatial", WanConfig::kSpatialFactor);
  reader.require_only("scale_factor_temporal", WanConfig::kTemporalFactor);
  reader.require_only_if_given("attn_scales", Json::array());
}

// Requires each width to be a multiple of the previous one, since the shortcut spreads channels over the larger
// picture.
void require_widths_divide(const ConfigReader& reader, const WanConfig& c) {
  for (std::size_t i = 1; i < c.dim_mult.size(); ++i) {
    if (c.dim_mult[i] % c.dim_mult[i - 1] != 0) {
      reader.refuse("dim_mult", reader.at("dim_mult"), "each width to be a multiple of the one before");
    }
  }
}

}  // namespace

WanConfig read_wan_config(const std::filesystem::path& file) {
  const ConfigReader reader(file);
  require_implemented(reader);
  WanConfig c;
  c.z_dim = reader.size("z_dim");
  c.base_dim = reader.size("base_dim");
  c.decoder_base_dim = reader.size_or("decoder_base_dim", c.base_dim);
  c.num_res_blocks = reader.size("num_res_blocks");
  // Four widths: a patch of 2 and three halvings give the spatial factor of 16. Two halvings in time give the factor of
  // 4.
  c.dim_mult = reader.sizes("dim_mult", 4);
  c.temporal_downsample = reader.flags("temperal_downsample", 3, ", two of them true");
  if (std::count(c.temporal_downsample.begin(), c.temporal_downsample.end(), true) != 2) {
    reader.refuse("temperal_downsample", reader.at("temperal_downsample"), "two of the three to be true");
  }
  require_widths_divide(reader, c);
  c.latents_mean = reader.numbers("latents_mean", c.z_dim, {-1000, 1000}, " (z_dim)");
  c.latents_std = reader.numbers("latents_std", c.z_dim, {1e-3, 1000}, " (z_dim)");
  reader.require_nothing_else({
      "dropout",               // training
      "clip_output",           // pixels are always clamped
      "dtype", "torch_dtype",  // each tensor has its own dtype
  });
  return c;
}

}  // namespace orrery
