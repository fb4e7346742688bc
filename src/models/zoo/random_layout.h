#pragma once

#include "io/checkpoint/random_checkpoint.h"
#include "models/audio/config.h"
#include "models/cosmos3/config.h"
#include "models/wan/config.h"

namespace orrery {

// The published components' tensors (MODEL.md §1, §6, §7), unused ones included, with spreads that keep activations,
// latents, pixels and samples of order one at any depth and width.
RandomTensors random_transformer(const Cosmos3Config& config);
RandomTensors random_vae(const WanConfig& config);
RandomTensors random_sound(const SoundConfig& config);

}  // namespace orrery
