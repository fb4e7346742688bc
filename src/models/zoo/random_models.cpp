#include "models/zoo/random_models.h"

#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "base/core/choice.h"
#include "base/core/error.h"
#include "models/zoo/pipeline_index.h"

namespace orrery {
namespace {

constexpr double kSmall = 0.02;
constexpr double kFewStepBaseFps = 16;  // base_fps of the published few-step video checkpoint

double fan_in(const RandomTensorList::Shape& shape) {
  double inputs = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) inputs *= static_cast<double>(shape[i]);
  return inputs;
}

struct RandomModel {
  Cosmos3Config transformer;
  WanConfig vae;
  SoundConfig sound;
};

SoundConfig sound_config(std::int64_t channels, std::int64_t width) {
  return {
      .vocoder_input_dim = channels, .dec_dim = width, .dec_c_mults = {1, 2, 4, 8, 16}, .dec_strides = {2, 4, 5, 6, 8}};
}

WanConfig vae_config(std::int64_t channels, std::int64_t encoder_width, std::int64_t decoder_width,
                     std::int64_t res_blocks) {
  const auto count = static_cast<std::size_t>(channels);
  return {.z_dim = channels,
          .base_dim = encoder_width,
          .decoder_base_dim = decoder_width,
          .num_res_blocks = res_blocks,
          .dim_mult = {1, 2, 4, 4},
          .temporal_downsample = {false, true, true},
          .latents_mean = std::vector<double>(count, 0),
          .latents_std = std::vector<double>(count, 1)};
}

// random:tiny: small enough for one laptop core, and divisible over up to 8 ranks.
RandomModel tiny() {
  return {{.hidden_size = 128,
           .intermediate_size = 256,
           .num_hidden_layers = 3,
           .num_attention_heads = 8,
           .num_key_value_heads = 8,
           .head_dim = 32,
           .vocab_size = 1024,
           .latent_channel = 8,
           .mrope_section = {6, 5, 5},
           .sound_gen = true,
           .sound_dim = 8},
          vae_config(8, 8, 12, 1),
          sound_config(8, 4)};
}

RandomModel nano() {
  return {{.hidden_size = 4096,
           .intermediate_size = 12288,
           .num_hidden_layers = 36,
           .num_attention_heads = 32,
           .num_key_value_heads = 8,
           .head_dim = 128,
           .vocab_size = 151936,
           .latent_channel = 48,
           .mrope_section = {24, 20, 20},
           .sound_gen = true,
           .sound_dim = 64},
          vae_config(48, 160, 256, 2),
          sound_config(64, 320)};
}

// random:edge: the shapes of Cosmos3-Edge (MODES.md G).
RandomModel edge() {
  RandomModel model = nano();
  Cosmos3Config& c = model.transformer;
  c.hidden_size = 2048;
  c.intermediate_size = 9216;
  c.num_hidden_layers = 28;
  c.num_attention_heads = 16;
  c.vocab_size = 131072;
  c.rms_norm_eps = 1e-5;
  c.rope_theta = 1e8;
  c.mlp = MlpKind::SquaredRelu;
  c.qk_norm_for_text = false;
  c.use_und_k_norm_for_gen = true;
  c.sound_gen = false;
  c.sound_dim = 0;
  return model;
}

RandomModel super() {
  RandomModel model = nano();
  model.transformer.hidden_size = 5120;
  model.transformer.intermediate_size = 25600;
  model.transformer.num_hidden_layers = 64;
  model.transformer.num_attention_heads = 64;
  return model;
}

struct NamedModel {
  std::string_view name;
  RandomModel (*make)();
};

constexpr std::array kModels{NamedModel{"tiny", tiny}, NamedModel{"nano", nano}, NamedModel{"super", super},
                             NamedModel{"edge", edge}};

[[noreturn]] void refuse(const std::string& checkpoint, std::string_view name) {
  std::array<std::string_view, kModels.size()> names;
  std::string all;
  for (std::size_t i = 0; i < kModels.size(); ++i) {
    names[i] = kModels[i].name;
    all.append(i == 0 ? "" : i + 1 < kModels.size() ? ", " : " or ").append(kRandomPrefix).append(names[i]);
  }
  throw InputError(checkpoint + ": there is no such model" + did_you_mean(name, names, kRandomPrefix) + "; expected " +
                   all);
}

RandomModel find_model(const std::string& checkpoint) {
  const std::string_view name = std::string_view(checkpoint).substr(kRandomPrefix.size());
  for (const NamedModel& model : kModels) {
    if (model.name == name) return model.make();
  }
  refuse(checkpoint, name);
}

}  // namespace

void RandomTensorList::norm(const std::string& name, Shape shape) { tensors_[name] = {std::move(shape), 1, kSmall}; }

void RandomTensorList::vector(const std::string& name, Shape shape, double spread) {
  tensors_[name] = {std::move(shape), 0, spread};
}

void RandomTensorList::matrix(const std::string& name, Shape shape, double gain) {
  const double spread = gain / std::sqrt(fan_in(shape));
  tensors_[name + ".weight"] = {std::move(shape), 0, spread};
}

void RandomTensorList::affine(const std::string& name, Shape shape, double gain) {
  bias(name, shape.front());
  matrix(name, std::move(shape), gain);
}

void RandomTensorList::directed(const std::string& name, Shape shape, double length) {
  tensors_[name + ".weight_g"] = {{shape.front(), 1, 1}, length, kSmall * length};
  tensors_[name + ".weight_v"] = {std::move(shape), 0, 1};
}

void RandomTensorList::bias(const std::string& name, std::int64_t size) {
  tensors_[name + ".bias"] = {{size}, 0, kSmall};
}

CheckpointFiles open_random_checkpoint(const std::filesystem::path& checkpoint) {
  const std::string name = checkpoint.string();
  const std::vector<float> levels = few_step_levels(checkpoint);
  const bool few_steps = !levels.empty();
  RandomModel model = find_model(few_steps ? name.substr(0, name.size() - kFewStepEnding.size()) : name);
  CheckpointFiles files;
  if (few_steps) {
    files.fixed_levels = levels;
    model.transformer.base_fps = kFewStepBaseFps;
    model.transformer.sound_gen = false;
    model.transformer.sound_dim = 0;
  }
  files.folder = checkpoint;
  files.transformer_config = model.transformer;
  files.vae_config = model.vae;
  files.transformer = std::make_shared<RandomCheckpoint>(name + " transformer", random_transformer(model.transformer));
  files.vae = std::make_shared<RandomCheckpoint>(name + " vae", random_vae(model.vae));
  if (!model.transformer.sound_gen) return files;
  files.sound_config = model.sound;
  files.sound = std::make_shared<RandomCheckpoint>(name + " sound_tokenizer", random_sound(model.sound));
  return files;
}

std::vector<std::int64_t> byte_ids(std::string_view caption) {
  constexpr std::int64_t kEndOfTurn = 256, kVisionStart = 257;
  std::vector<std::int64_t> ids;
  ids.reserve(caption.size() + 2);
  for (const char byte : caption) ids.push_back(static_cast<unsigned char>(byte));
  ids.insert(ids.end(), {kEndOfTurn, kVisionStart});
  return ids;
}

}  // namespace orrery
