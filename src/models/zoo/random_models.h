#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/checkpoint/random_checkpoint.h"
#include "models/audio/config.h"
#include "models/cosmos3/config.h"
#include "models/wan/config.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/random_name.h"

namespace orrery {

// Collects the tensors of a component, with a function for each kind of tensor.
class RandomTensorList {
 public:
  using Shape = std::vector<std::int64_t>;

  // Values around 1, like those of trained norms.
  void norm(const std::string& name, Shape shape);
  void vector(const std::string& name, Shape shape, double spread);
  // NAME.weight (out, in, …), whose outputs are `gain` times as large as its inputs.
  void matrix(const std::string& name, Shape shape, double gain = 1);
  // matrix() and NAME.bias.
  void affine(const std::string& name, Shape shape, double gain = 1);
  // A weight-normalised convolution: directions NAME.weight_v, and NAME.weight_g with the length of each along the
  // first dimension.
  void directed(const std::string& name, Shape shape, double length);
  void bias(const std::string& name, std::int64_t size);

  RandomTensors take() { return std::move(tensors_); }

 private:
  RandomTensors tensors_;
};

// random:tiny, random:nano, random:super or random:edge: a checkpoint without files that has the shapes of that model,
// its VAE and its sound decoder. It has no tokenizer; byte_ids() replaces it. With "-4step" appended, it is one
// distilled to the published few steps, without sound. Throws InputError for another name.
CheckpointFiles open_random_checkpoint(const std::filesystem::path& checkpoint);

// The ids of a caption for random weights: its bytes, then 256 and 257 in place of a prompt's two closing ids.
std::vector<std::int64_t> byte_ids(std::string_view caption);

// The tensors of the published components (MODEL.md §1, §6, §7), including unused ones, with spreads that keep
// activations, latents, pixels and samples of order 1 at any depth and width.
RandomTensors random_transformer(const Cosmos3Config& config);
RandomTensors random_vae(const WanConfig& config);
RandomTensors random_sound(const SoundConfig& config);

}  // namespace orrery
