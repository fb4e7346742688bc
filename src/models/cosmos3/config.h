#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/parallel/grid_shape.h"
#include "models/kernels/mlp_kind.h"
#include "models/nn/precision.h"

namespace orrery {

// The quantization_config of a checkpoint in 8 bits. Each tensor's own dtype says whether it is in 8 bits.
struct Quantization {
  std::optional<FullPrecisionSteps> full_precision_steps;  // none: not given
};

// transformer/config.json (MODEL.md §1). Names are the file's.
struct Cosmos3Config {
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t vocab_size = 0;
  std::int64_t latent_channel = 0;
  std::int64_t latent_patch_size = 2;
  double rms_norm_eps = 1e-6;
  MlpKind mlp = MlpKind::SwiGlu;        // hidden_act, in both towers
  bool qk_norm_for_text = true;         // whether the text's queries and keys are normed
  bool use_und_k_norm_for_gen = false;  // separate norm of the text's keys for media (MODES.md G)
  double rope_theta = 5e6;
  std::array<std::int64_t, 3> mrope_section{};  // number of slots for t, h and w
  double timestep_scale = 0.001;
  double base_fps = 24;
  double temporal_margin = 15000;
  bool enable_fps_modulation = true;
  bool sound_gen = false;
  std::int64_t sound_dim = 0;    // channels of the sound latent; 0 without sound_gen
  double sound_latent_fps = 25;  // sound latent steps per second
  Quantization quantization{};

  // Whether texts use the tokenizer and the chat template of Nano and Super, unlike Edge's.
  bool has_known_texts() const { return mlp == MlpKind::SwiGlu; }
  std::int64_t q_width() const { return num_attention_heads * head_dim; }
  std::int64_t kv_width() const { return num_key_value_heads * head_dim; }
  std::int64_t patch_width() const { return latent_patch_size * latent_patch_size * latent_channel; }
};

// Reads and checks a config; throws InputError that names the file, the key, what was found and what is supported.
Cosmos3Config read_cosmos3_config(const std::filesystem::path& file);

// Whether the grid's tp ranks can split the weights, and its sp ranks the heads of a tp rank.
bool divides(const Cosmos3Config& config, const GridShape& grid);

// Throws InputError unless heads, kv heads and the intermediate size are multiples of tp, and sp divides a tp rank's kv
// heads, or is a multiple of them that divides its heads.
void require_divisible(const Cosmos3Config& config, const GridShape& grid);

}  // namespace orrery
