#pragma once

#include <filesystem>

#include "io/checkpoint/weight_source.h"

namespace orrery {

// Checkpoints of the family that this program does not compute are refused with a sentence of their own: several
// cameras at once, LiDAR, causal (autoregressive) video, LoRA weights.

// By the files of a checkpoint's folder and the keys of transformer/config.json, where there is one. Throws InputError
// that names the file, and the key.
void refuse_other_variants(const std::filesystem::path& checkpoint);

// By the names of the transformer's tensors. Throws InputError that names the tensor.
void refuse_other_tensors(const WeightSource& transformer);

}  // namespace orrery
