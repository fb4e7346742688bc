#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace orrery {

// vae/config.json (MODEL.md §6). Names are the file's, except for its spelling "temperal".
struct WanConfig {
  static constexpr std::int64_t kPatch = 2;           // side of the pixel block held by the outermost layers' channels
  static constexpr std::int64_t kPatchChannels = 12;  // 3 colours of kPatch × kPatch pixels
  static constexpr std::int64_t kSpatialFactor = 16;  // pixels per latent cell along each side
  static constexpr std::int64_t kTemporalFactor = 4;  // frames per latent frame, except the first, which has one

  // Between the lengths of a clip in frames, a multiple of kTemporalFactor, plus 1, and in latent frames.
  static constexpr std::int64_t latent_frames(std::int64_t frames) { return (frames - 1) / kTemporalFactor + 1; }
  static constexpr std::int64_t frames(std::int64_t latent_frames) { return (latent_frames - 1) * kTemporalFactor + 1; }

  std::int64_t z_dim = 0;     // channels of the latent
  std::int64_t base_dim = 0;  // base width of the encoder
  std::int64_t decoder_base_dim = 0;
  std::int64_t num_res_blocks = 0;
  std::vector<std::int64_t> dim_mult;     // widths as multiples of the base, from the pixels inwards
  std::vector<bool> temporal_downsample;  // for each step from a width to the next
  std::vector<double> latents_mean;       // per channel
  std::vector<double> latents_std;        // per channel, positive
};

// Reads and checks a config; throws InputError that names the file, the key, what was found and what is supported.
WanConfig read_wan_config(const std::filesystem::path& file);

}  // namespace orrery
