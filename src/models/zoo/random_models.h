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

// Collects a component's tensors by kind.
class RandomTensorList {
 public:
  using Shape = std::vector<std::int64_t>;

  // Around 1, as trained norms are.
  void norm(const std::string& name, Shape shape);
  void vector(const std::string& name, Shape shape, double spread);
  // NAME.weight (out, in, …) whose outputs are `gain` times as large as its inputs.
  void matrix(const std::string& name, Shape shape, double gain = 1);
  // matrix() with NAME.bias beside it.
  void affine(const std::string& name, Shape shape, double gain = 1);
  // A convolution as directions, NAME.weight_v, and the length of each, NAME.weight_g, along the first dimension.
  void directed(const std::string& name, Shape shape, double length);
  void bias(const std::string& name, std::int64_t size);

  RandomTensors take() { return std::move(tensors_); }

 private:
  RandomTensors tensors_;
};

// random:tiny, random:nano, random:super or random:edge: a checkpoint of that model's shapes, its VAE's and its sound
// decoder's, without files. It has no tokenizer: byte_ids takes its place. With "-4step" behind the name it is one
// distilled to the published few steps, which has no sound. Throws InputError for another name.
CheckpointFiles open_random_checkpoint(const std::filesystem::path& checkpoint);

// A caption for random weights: its bytes, then 256 and 257 where a prompt has its two closing ids.
std::vector<std::int64_t> byte_ids(std::string_view caption);

// The published components' tensors (MODEL.md §1, §6, §7), unused ones included, with spreads that keep activations,
// latents, pixels and samples of order one at any depth and width.
RandomTensors random_transformer(const Cosmos3Config& config);
RandomTensors random_vae(const WanConfig& config);
RandomTensors random_sound(const SoundConfig& config);

}  // namespace orrery
