#include "cosmos3/config.h"

#include <cmath>
#include <string>

#include "core/error.h"
#include "core/json.h"

namespace orrery {
namespace {

// One config file and its checks; messages read "FILE: key: found X, expected Y".
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file), json_(parse_json_file(file)) {
    require_input(json_.is_object(), file_.string() + ": expected a JSON object");
  }

  [[noreturn]] void refuse(const std::string& key, const Json& found, const std::string& expected) const {
    throw InputError(file_.string() + ": " + key + ": found " + found.dump() + ", expected " + expected);
  }

  const Json& at(const std::string& key) const {
    const auto found = json_.find(key);
    require_input(found != json_.end(), file_.string() + ": " + key + " is missing");
    return *found;
  }

  std::int64_t size(const std::string& key) const {
    const Json& value = at(key);
    const bool ok = value.is_number_integer() && value.get<std::int64_t>() > 0 && value.get<std::int64_t>() < (1 << 24);
    if (!ok) refuse(key, value, "a positive whole number");
    return value.get<std::int64_t>();
  }

  double positive(const std::string& key) const {
    const Json& value = at(key);
    const bool ok = value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() > 0;
    if (!ok) refuse(key, value, "a positive number");
    return value.get<double>();
  }

  double positive_or(const std::string& key, double otherwise) const {
    return json_.contains(key) ? positive(key) : otherwise;
  }

  bool flag_or(const std::string& key, bool otherwise) const {
    if (!json_.contains(key)) return otherwise;
    const Json& value = at(key);
    if (!value.is_boolean()) refuse(key, value, "true or false");
    return value.get<bool>();
  }

  // What Orrery implements for `key` is `only`; an absent key means just that.
  void require_only(const std::string& key, const Json& only) const {
    if (json_.contains(key) && at(key) != only) refuse(key, at(key), only.dump() + " (nothing else is implemented)");
  }

  std::array<std::int64_t, 3> mrope_section() const {
    const bool scaled = json_.contains("rope_scaling") && at("rope_scaling").contains("mrope_section");
    const std::string key = scaled ? "rope_scaling.mrope_section" : "rope_axes_dim";
    const Json& value = scaled ? at("rope_scaling").at("mrope_section") : at("rope_axes_dim");
    std::array<std::int64_t, 3> section{};
    if (!value.is_array() || value.size() != section.size()) refuse(key, value, "three sizes");
    for (std::size_t axis = 0; axis < section.size(); ++axis) {
      if (!value[axis].is_number_integer() || value[axis] < 0) refuse(key, value, "three sizes");
      section[axis] = value[axis].get<std::int64_t>();
    }
    return section;
  }

  void require_consistent(bool ok, const std::string& what) const { require_input(ok, file_.string() + ": " + what); }

 private:
  std::filesystem::path file_;
  Json json_;
};

void require_implemented(const Reader& reader) {
  reader.require_only("hidden_act", "silu");
  reader.require_only("attention_bias", false);
  reader.require_only("use_und_k_norm_for_gen", false);
  reader.require_only("qk_norm_for_text", true);
  reader.require_only("latent_patch_size", 2);
}

void require_consistent(const Reader& reader, const Cosmos3Config& c) {
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
  const Reader reader(file);
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
  c.mrope_section = reader.mrope_section();
  c.timestep_scale = reader.positive_or("timestep_scale", c.timestep_scale);
  c.base_fps = reader.positive_or("base_fps", c.base_fps);
  c.temporal_margin = reader.positive_or("unified_3d_mrope_temporal_modality_margin", c.temporal_margin);
  c.enable_fps_modulation = reader.flag_or("enable_fps_modulation", c.enable_fps_modulation);
  c.sound_gen = reader.flag_or("sound_gen", c.sound_gen);
  if (c.sound_gen) c.sound_dim = reader.size("sound_dim");
  require_consistent(reader, c);
  return c;
}

void require_divisible(const Cosmos3Config& config, int tp) {
  const auto check = [tp](std::int64_t extent, const std::string& what) {
    require_input(extent % tp == 0, "--tp " + std::to_string(tp) + " does not divide the model's " +
                                        std::to_string(extent) + " " + what + ": choose a tp that does");
  };
  check(config.num_attention_heads, "attention heads");
  check(config.num_key_value_heads, "key/value heads");
  check(config.intermediate_size, "intermediate size");
}

}  // namespace orrery
