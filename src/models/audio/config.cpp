#include "models/audio/config.h"

#include <algorithm>
#include <string>

#include "base/core/config_reader.h"

namespace orrery {
namespace {

// Published files have all of these keys; files that other tools have rewritten may have only the sizes.
void require_implemented(const ConfigReader& reader) {
  reader.require_only_if_given("_class_name", "Cosmos3AVAEAudioTokenizer");
  reader.require_only_if_given("model_type", "autoencoder_v2");
  reader.require_only_if_given("sampling_rate", SoundConfig::kSampleRate);
  reader.require_only_if_given("stereo", true);
  reader.require_only_if_given("dec_out_channels", SoundConfig::kChannels);
  reader.require_only_if_given("dec_type", "oobleck");
  reader.require_only_if_given("dec_use_snake", true);
  reader.require_only_if_given("activation", "snakebeta");
  reader.require_only_if_given("snake_logscale", true);
  reader.require_only_if_given("dec_final_tanh", false);
  reader.require_only_if_given("dec_use_tanh_at_final", false);
  reader.require_only_if_given("dec_use_nearest_upsample", false);
  reader.require_only_if_given("dec_anti_aliasing", false);
  reader.require_only_if_given("anti_aliasing", false);
  reader.require_only_if_given("causal", false);
  reader.require_only_if_given("padding_mode", "zeros");
  reader.require_only_if_given("bottleneck_type", "vae");
  reader.require_only_if_given("latent_mean", nullptr);
  reader.require_only_if_given("latent_std", nullptr);
}

void require_nothing_else(const ConfigReader& reader) {
  reader.require_nothing_else({
      // The encoder, which is not used.
      "encoder_enabled", "use_wav_as_input", "normalize_volume",     "input_channels",
      "enc_type",        "enc_dim",          "enc_intermediate_dim", "enc_num_layers",
      "enc_num_blocks",  "enc_n_fft",        "enc_hop_length",       "enc_latent_dim",
      "enc_c_mults",     "enc_strides",      "enc_identity_init",    "enc_use_snake",
      "bottleneck",                      // same as bottleneck_type; not used in decoding
      "use_cuda_kernel",                 // an implementation choice of another program
      "dtype",           "torch_dtype",  // each tensor has its own dtype
  });
}

bool make_one_step(const std::vector<std::int64_t>& strides) {
  std::int64_t samples = 1;
  for (const std::int64_t stride : strides) {
    if (stride < 2 || samples > SoundConfig::kSamplesPerStep) return false;
    samples *= stride;
  }
  return samples == SoundConfig::kSamplesPerStep;
}

}  // namespace

SoundConfig read_sound_config(const std::filesystem::path& file) {
  const ConfigReader reader(file);
  require_implemented(reader);
  SoundConfig c;
  c.vocoder_input_dim = reader.size("vocoder_input_dim");
  c.dec_dim = reader.size("dec_dim");
  c.dec_strides = reader.sizes("dec_strides");
  const std::string product = std::to_string(SoundConfig::kSamplesPerStep);
  if (!make_one_step(c.dec_strides)) {
    reader.refuse("dec_strides", reader.at("dec_strides"), "strides of 2 or more whose product is " + product);
  }
  if (reader.size_or("hop_size", SoundConfig::kSamplesPerStep) != SoundConfig::kSamplesPerStep) {
    reader.refuse("hop_size", reader.at("hop_size"), "null or " + product + ", the product of dec_strides");
  }
  c.dec_c_mults = reader.sizes("dec_c_mults", static_cast<std::int64_t>(c.dec_strides.size()));
  require_nothing_else(reader);
  return c;
}

}  // namespace orrery
