#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/parallel/grid_shape.h"
#include "models/kernels/mlp_kind.h"
#include "models/nn/precision.h"

namespace orrery {

// What quantization_config says of a checkpoint in 8 bits. Which tensors are, each of them says by its dtype.
struct Quantization {
  std::optional<FullPrecisionSteps> full_precision_steps;  // none: nothing is said
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
  MlpKind mlp = MlpKind::SwiGlu;        // hidden_act: of both towers
  bool qk_norm_for_text = true;         // the text's queries and keys are normed
  bool use_und_k_norm_for_gen = false;  // the media tower sees the text's keys with a norm of their own (MODES.md G)
  double rope_theta = 5e6;
  std::array<std::int64_t, 3> mrope_section{};  // slots of t, h, w
  double timestep_scale = 0.001;
  double base_fps = 24;
  double temporal_margin = 15000;
  bool enable_fps_modulation = true;
  bool sound_gen = false;
  std::int64_t sound_dim = 0;    // channels of the sound latent; 0 without sound_gen
  double sound_latent_fps = 25;  // sound latent steps per second
  Quantization quantization{};

  // Whether the text is of the tokenizer and the chat template of Nano and Super; Edge's are others.
  bool has_known_texts() const { return mlp == MlpKind::SwiGlu; }
  std::int64_t q_width() const { return num_attention_heads * head_dim; }
  std::int64_t kv_width() const { return num_key_value_heads * head_dim; }
  std::int64_t patch_width() const { return latent_patch_size * latent_patch_size * latent_channel; }
};

// Reads and checks a config; throws InputError that names the file, the key, what was found and what is possible.
Cosmos3Config read_cosmos3_config(const std::filesystem::path& file);

// Whether the grid's tp groups can share the weights, and its sp groups a tp rank's heads.
bool divides(const Cosmos3Config& config, const GridShape& grid);

// Throws InputError unless heads, kv heads and the intermediate size divide by `tp`, and a tp rank's heads among `sp`
// ranks: these divide the kv heads, or are a multiple of them that divides the heads.
void require_divisible(const Cosmos3Config& config, const GridShape& grid);

}  // namespace orrery
