#include "models/cosmos3/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "base/core/config_reader.h"
#include "base/core/error.h"

namespace orrery {
namespace {

using Section = std::array<std::int64_t, 3>;

Section read_section(const ConfigReader& reader, const std::string& key, std::int64_t head_dim) {
  const Json& value = reader.at(key);
  Section section{};
  const auto is_size = [&](const Json& x) { return x.is_number_integer() && x >= 0 && x <= head_dim; };
  if (!value.is_array() || value.size() != section.size() || !std::all_of(value.begin(), value.end(), is_size)) {
    reader.refuse(key, value, fmt::format("three sizes from 0 to head_dim {}", head_dim));
  }
  std::transform(value.begin(), value.end(), section.begin(), [](const Json& x) { return x.get<std::int64_t>(); });
  const std::int64_t sum = section[0] + section[1] + section[2];
  reader.require_consistent(sum == head_dim / 2 && head_dim % 2 == 0,
                            fmt::format("{} adds up to {}, expected head_dim / 2 = {}", key, sum, head_dim / 2));
  return section;
}

// Reads mrope_section, which newer files contain twice.
Section read_mrope_section(const ConfigReader& reader, std::int64_t head_dim) {
  std::optional<Section> section;
  if (reader.gives("rope_scaling")) {
    const ConfigReader scaling = reader.object("rope_scaling");
    scaling.require_only_if_given("mrope_interleaved", true);
    scaling.require_only_if_given("rope_type", "default");
    scaling.require_only_if_given("type", "default");
    if (scaling.has("mrope_section")) section = read_section(scaling, "mrope_section", head_dim);
    scaling.require_nothing_else({});
  }
  if (!section || reader.gives("rope_axes_dim")) {
    const Section axes = read_section(reader, "rope_axes_dim", head_dim);
    reader.require_consistent(!section || *section == axes, "rope_axes_dim and rope_scaling.mrope_section differ");
    section = axes;
  }
  return *section;
}

// Refuses values other than the published ones where nothing else is implemented. Other models of the family (smaller,
// causal, with several cameras) differ in these.
void require_implemented(const ConfigReader& reader) {
  reader.require_only_if_given("_class_name", "Cosmos3OmniTransformer");
  reader.require_only_if_given("backbone_type", nullptr);
  reader.require_only_if_given("model_type", "qwen3_vl_text");
  reader.require_only_if_given("joint_attn_implementation", "two_way");
  reader.require_only_if_given("position_embedding_type", "unified_3d_mrope");
  reader.require_only_if_given("unified_3d_mrope_reset_spatial_ids", true);
  reader.require_only_if_given("video_temporal_causal", false);
  reader.require_only_if_given("temporal_compression_factor", 4);
  reader.require_only_if_given("temporal_compression_factor_sound", 1);
  reader.require_only_if_given("use_moe", true);
  reader.require_only_if_given("qk_norm", false);
  reader.require_only_if_given("qk_norm_for_diffusion", true);
  reader.require_only_if_given("attention_bias", false);
  reader.require_only_if_given("latent_patch_size", 2);
}

MlpKind read_mlp(const ConfigReader& reader) {
  if (!reader.gives("hidden_act")) return MlpKind::SwiGlu;
  const Json& name = reader.at("hidden_act");
  if (name != "silu" && name != "relu2") reader.refuse("hidden_act", name, "\"silu\" or \"relu2\"");
  return name == "silu" ? MlpKind::SwiGlu : MlpKind::SquaredRelu;
}

// Reads a value such as {"count": 3, "mode": "a16"}.
std::int64_t read_policy_steps(const ConfigReader& policy, const std::string& key) {
  constexpr std::int64_t kMost = 1000;
  const ConfigReader steps = policy.object(key);
  steps.require_only("mode", "a16");
  const Json& count = steps.at("count");
  const bool good = count.is_number_integer() && count >= 0 && count <= kMost;
  if (!good) steps.refuse("count", count, fmt::format("a number of steps from 0 to {}", kMost));
  steps.require_nothing_else({});
  return count.get<std::int64_t>();
}

// The steps of a clip that are computed with 16-bit activations, in the format of NVIDIA's checkpoints.
std::optional<FullPrecisionSteps> read_step_policy(const ConfigReader& quantization) {
  if (!quantization.gives("runtime")) return std::nullopt;
  const ConfigReader runtime = quantization.object("runtime");
  std::optional<FullPrecisionSteps> steps;
  if (runtime.gives("diffusion_step_policy")) {
    const ConfigReader policy = runtime.object("diffusion_step_policy");
    policy.require_only("schema_version", 1);
    policy.require_only("type", "first_last_n");
    policy.require_only("index_space", "denoising_loop_iteration");
    policy.require_only("scope", Json::array({"transformer"}));
    policy.require_only("default_mode", "native");
    policy.require_only("overlap", "a16");
    policy.require_only("reasoner", "a16");
    steps = {read_policy_steps(policy, "first_steps"), read_policy_steps(policy, "last_steps")};
    policy.require_nothing_else({});
  }
  runtime.require_nothing_else({});
  return steps;
}

Quantization read_quantization(const ConfigReader& reader) {
  if (!reader.gives("quantization_config")) return {};
  const ConfigReader quantization = reader.object("quantization_config");
  quantization.require_only_if_given("quant_method", "modelopt");
  const Json& algorithm = quantization.at("quant_algo");
  if (algorithm != "FP8") {
    quantization.refuse("quant_algo", algorithm, "\"FP8\": take the checkpoint's revision in bf16 or fp8");
  }
  quantization.require_only_if_given("kv_cache_quant_algo", nullptr);
  const Quantization result{read_step_policy(quantization)};
  quantization.require_nothing_else(
      {"ignore", "exclude_modules", "config_groups", "producer", "kv_cache_scheme", "version"});
  return result;
}

void require_consistent(const ConfigReader& reader, const Cosmos3Config& c) {
  reader.require_consistent(!(c.use_und_k_norm_for_gen && c.qk_norm_for_text),
                            "use_und_k_norm_for_gen goes with qk_norm_for_text false: nothing else is implemented");
  reader.require_consistent(c.num_attention_heads % c.num_key_value_heads == 0,
                            fmt::format("num_attention_heads {} is not a multiple of num_key_value_heads {}",
                                        c.num_attention_heads, c.num_key_value_heads));
  reader.require_consistent(reader.size_or("patch_latent_dim", c.patch_width()) == c.patch_width(),
                            fmt::format("patch_latent_dim is not latent_channel {} times latent_patch_size squared, {}",
                                        c.latent_channel, c.patch_width()));
}

void require_nothing_else(const ConfigReader& reader) {
  reader.require_nothing_else({
      "dtype", "torch_dtype",                          // each tensor has its own dtype
      "action_gen", "action_dim", "max_action_dim",    // actions are not generated; their tensors are not read
      "num_embodiment_domains",                        //
      "sound_dim",                                     // without sound_gen
      "attention_dropout", "freeze_und", "use_cache",  // for training, or for another program
      "initializer_range", "max_position_embeddings",  //
      "tie_word_embeddings",                           // the text's output layer is not used
      "bos_token_id", "eos_token_id", "pad_token_id",  // the tokenizer's files have them
      "transformers_version", "architectures",         // about the writer of the file
  });
}

// The numbers up to `most` for which possible() is true: "1, 2, 4".
std::string possible_sizes(std::int64_t most, const std::function<bool(int)>& possible) {
  std::string text;
  for (int size = 1; size <= most; ++size) {
    if (possible(size)) text += fmt::format("{}{}", text.empty() ? "" : ", ", size);
  }
  return text;
}

}  // namespace

Cosmos3Config read_cosmos3_config(const std::filesystem::path& file) {
  const ConfigReader reader(file);
  require_implemented(reader);
  Cosmos3Config c;
  c.quantization = read_quantization(reader);
  c.hidden_size = reader.size("hidden_size");
  c.intermediate_size = reader.size("intermediate_size");
  c.num_hidden_layers = reader.size("num_hidden_layers");
  c.num_attention_heads = reader.size("num_attention_heads");
  c.num_key_value_heads = reader.size("num_key_value_heads");
  c.head_dim = reader.size("head_dim");
  c.vocab_size = reader.size("vocab_size");
  c.latent_channel = reader.size("latent_channel");
  c.mlp = read_mlp(reader);
  c.qk_norm_for_text = reader.flag_or("qk_norm_for_text", c.qk_norm_for_text);
  c.use_und_k_norm_for_gen = reader.flag_or("use_und_k_norm_for_gen", c.use_und_k_norm_for_gen);
  // Wide ranges around the published values, outside which a clip would be noise or not finite.
  c.rms_norm_eps = reader.number_or("rms_norm_eps", c.rms_norm_eps, {1e-12, 1e-2});
  c.rope_theta = reader.number_or("rope_theta", c.rope_theta, {10, 1e12});
  c.mrope_section = read_mrope_section(reader, c.head_dim);
  c.timestep_scale = reader.number_or("timestep_scale", c.timestep_scale, {1e-6, 1});
  c.base_fps = reader.number_or("base_fps", c.base_fps, {1, 1000});
  c.temporal_margin = reader.number_or("unified_3d_mrope_temporal_modality_margin", c.temporal_margin, {0, 1e5});
  c.enable_fps_modulation = reader.flag_or("enable_fps_modulation", c.enable_fps_modulation);
  c.sound_gen = reader.flag_or("sound_gen", c.sound_gen);
  if (c.sound_gen) c.sound_dim = reader.size("sound_dim");
  c.sound_latent_fps = reader.number_or("sound_latent_fps", c.sound_latent_fps, {1, 1000});
  require_consistent(reader, c);
  require_nothing_else(reader);
  return c;
}

bool divides(const Cosmos3Config& c, const GridShape& grid) {
  const auto [cfg, tp, sp] = grid;
  if (c.num_attention_heads % tp != 0 || c.num_key_value_heads % tp != 0 || c.intermediate_size % tp != 0) return false;
  const std::int64_t heads = c.num_attention_heads / tp, kv_heads = c.num_key_value_heads / tp;
  return heads % sp == 0 && (kv_heads % sp == 0 || sp % kv_heads == 0);
}

void require_divisible(const Cosmos3Config& config, const GridShape& grid) {
  const int tp = grid.tp, sp = grid.sp;
  const auto check = [&](std::int64_t extent, const std::string& what) {
    if (extent % tp == 0) return;
    throw InputError(
        fmt::format("tp {} does not divide the model's {} {}: possible are {}", tp, extent, what,
                    possible_sizes(config.num_key_value_heads, [&](int n) { return divides(config, {.tp = n}); })));
  };
  check(config.num_attention_heads, "attention heads");
  check(config.num_key_value_heads, "key/value heads");
  check(config.intermediate_size, "intermediate size");
  if (divides(config, grid)) return;
  const std::int64_t heads = config.num_attention_heads / tp;
  throw InputError(
      fmt::format("sp {} cannot share the {} attention and {} key/value heads of a tp rank: possible are {}", sp, heads,
                  config.num_key_value_heads / tp,
                  possible_sizes(heads, [&](int n) { return divides(config, {.tp = tp, .sp = n}); })));
}

}  // namespace orrery
