#pragma once

#include <filesystem>

#include "io/checkpoint/weight_source.h"

namespace orrery {

// Refusals, with a specific message, of checkpoints of the family that this program does not support: several cameras
// at once, LiDAR, causal (autoregressive) video, LoRA weights, weights in 4 bits (NVFP4).

// Judges by the files of a checkpoint's folder and the keys of transformer/config.json, if it exists. Throws InputError
// that names the file and the key.
void refuse_other_variants(const std::filesystem::path& checkpoint);

// Judges by the names and dtypes of the transformer's tensors. Throws InputError that names the tensor.
void refuse_other_tensors(const WeightSource& transformer);

}  // namespace orrery
