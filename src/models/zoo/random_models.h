#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "models/zoo/checkpoint_files.h"

namespace orrery {

// Whether `checkpoint` is "random:NAME", which asks for random weights, and not a folder.
bool is_random_checkpoint(const std::filesystem::path& checkpoint);

// random:tiny, random:nano or random:super: a checkpoint of that model's shapes, its VAE's and its sound decoder's,
// without files. It has no tokenizer: byte_ids takes its place. Throws InputError for another name.
CheckpointFiles open_random_checkpoint(const std::filesystem::path& checkpoint);

// A caption for random weights: its bytes, then 256 and 257 where a prompt has its two closing ids.
std::vector<std::int64_t> byte_ids(std::string_view caption);

}  // namespace orrery
