#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace orrery {

// Reads a component's diffusion_pytorch_model.safetensors.index.json, which says which file holds each tensor: a map
// from tensor to path within the index's folder. Throws InputError that names the index and the tensor.
std::map<std::string, std::string> read_shard_index(const std::filesystem::path& index);

}  // namespace orrery
