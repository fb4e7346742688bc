#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "io/checkpoint/random_checkpoint.h"
#include "models/audio/config.h"
#include "models/cosmos3/config.h"
#include "models/wan/config.h"
#include "models/zoo/checkpoint_files.h"

namespace orrery {

// Whether `checkpoint` is "random:NAME", which asks for random weights, and not a folder.
bool is_random_checkpoint(const std::filesystem::path& checkpoint);

// random:tiny, random:nano or random:super: a checkpoint of that model's shapes, its VAE's and its sound decoder's,
// without files. It has no tokenizer: byte_ids takes its place. Throws InputError for another name.
CheckpointFiles open_random_checkpoint(const std::filesystem::path& checkpoint);

// A caption for random weights: its bytes, then 256 and 257 where a prompt has its two closing ids.
std::vector<std::int64_t> byte_ids(std::string_view caption);

// The published components' tensors (MODEL.md §1, §6, §7), unused ones included, with spreads that keep activations,
// latents, pixels and samples of order one at any depth and width.
RandomTensors random_transformer(const Cosmos3Config& config);
RandomTensors random_vae(const WanConfig& config);
RandomTensors random_sound(const SoundConfig& config);

}  // namespace orrery
