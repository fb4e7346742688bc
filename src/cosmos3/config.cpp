#include "cosmos3/config.h"

#include <string>

#include "core/config_reader.h"
#include "core/error.h"

namespace orrery {
namespace {

std::array<std::int64_t, 3> read_mrope_section(const ConfigReader& reader) {
  const bool scaled = reader.has("rope_scaling") && reader.at("rope_scaling").contains("mrope_section");
  const std::string key = scaled ? "rope_scaling.mrope_section" : "rope_axes_dim";
  const Json& value = scaled ? reader.at("rope_scaling").at("mrope_section") : reader.at("rope_axes_dim");
  std::array<std::int64_t, 3> section{};
  if (!value.is_array() || value.size() != section.size()) reader.refuse(key, value, "three sizes");
  for (std::size_t axis = 0; axis < section.size(); ++axis) {
    if (!value[axis].is_number_integer() || value[axis] < 0) reader.refuse(key, value, "three sizes");
    section[axis] = value[axis].get<std::int64_t>();
  }
  return section;
}

void require_implemented(const ConfigReader& reader) {
  reader.require_only_if_given("hidden_act", "silu");
  reader.require_only_if_given("attention_bias", false);
  reader.require_only_if_given("use_und_k_norm_for_gen", false);
  reader.require_only_if_given("qk_norm_for_text", true);
  reader.require_only_if_given("latent_patch_size", 2);
}

void require_consistent(const ConfigReader& reader, const Cosmos3Config& c) {
  reader.require_consistent(c.num_attention_heads % c.num_key_value_heads == 0,
                            "num_attention_heads " + std::to_string(c.num_attention_heads) +
                                " is not a multiple of num_key_value_heads " + std::to_string(c.num_key_value_heads));
  const auto& [t, h, w] = c.mrope_section;
  reader.require_consistent(t + h + w == c.head_dim / 2 && c.head_dim % 2 == 0,
                            "mrope_section adds up to " + std::to_string(t + h + w) +
                                ", expected head_dim / 2 = " + std::to_string(c.head_dim / 2));
}

}  // namespace

Cosmos3Config read_cosmos3_config(const std::filesystem::path& file) {
  const ConfigReader reader(file);
  require_implemented(reader);
  Cosmos3Config c;
  c.hidden_size = reader.size("hidden_size");
  c.intermediate_size = reader.size("intermediate_size");
  c.num_hidden_layers = reader.size("num_hidden_layers");
  c.num_attention_heads = reader.size("num_attention_heads");
  c.num_key_value_heads = reader.size("num_key_value_heads");
  c.head_dim = reader.size("head_dim");
  c.vocab_size = reader.size("vocab_size");
  c.latent_channel = reader.size("latent_channel");
  c.rms_norm_eps = reader.positive_or("rms_norm_eps", c.rms_norm_eps);
  c.rope_theta = reader.positive_or("rope_theta", c.rope_theta);
  c.mrope_section = read_mrope_section(reader);
  c.timestep_scale = reader.positive_or("timestep_scale", c.timestep_scale);
  c.base_fps = reader.positive_or("base_fps", c.base_fps);
  c.temporal_margin = reader.positive_or("unified_3d_mrope_temporal_modality_margin", c.temporal_margin);
  c.enable_fps_modulation = reader.flag_or("enable_fps_modulation", c.enable_fps_modulation);
  c.sound_gen = reader.flag_or("sound_gen", c.sound_gen);
  if (c.sound_gen) c.sound_dim = reader.size("sound_dim");
  c.sound_latent_fps = reader.positive_or("sound_latent_fps", c.sound_latent_fps);
  require_consistent(reader, c);
  return c;
}

bool divides(const Cosmos3Config& c, int tp) {
  return c.num_attention_heads % tp == 0 && c.num_key_value_heads % tp == 0 && c.intermediate_size % tp == 0;
}

void require_divisible(const Cosmos3Config& config, int tp) {
  const auto check = [&](std::int64_t extent, const std::string& what) {
    if (extent % tp == 0) return;
    std::string possible;
    for (int other = 1; other <= config.num_key_value_heads; ++other) {
      if (divides(config, other)) possible.append(possible.empty() ? "" : ", ").append(std::to_string(other));
    }
    throw InputError("--tp " + std::to_string(tp) + " does not divide the model's " + std::to_string(extent) + " " +
                     what + ": possible are " + possible);
  };
  check(config.num_attention_heads, "attention heads");
  check(config.num_key_value_heads, "key/value heads");
  check(config.intermediate_size, "intermediate size");
}

}  // namespace orrery
