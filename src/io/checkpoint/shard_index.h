#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace orrery {

// Which file holds each tensor of a component, as its diffusion_pytorch_model.safetensors.index.json says: tensor →
// path within the index's folder. Throws InputError that names the index and the tensor.
std::map<std::string, std::string> read_shard_index(const std::filesystem::path& index);

}  // namespace orrery
