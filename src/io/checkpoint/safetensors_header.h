#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/core/shard.h"
#include "io/checkpoint/file_reads.h"
#include "io/checkpoint/weight_source.h"

namespace orrery {

struct SafetensorsEntry {
  TensorInfo info;
  Range bytes;  // position in the file
};

// Reads and checks the header of a safetensors file: eight bytes of little-endian length, JSON, then the data.
// The tensors must tile the data exactly, each with the size that its dtype and shape give. Throws InputError that
// names the file, the tensor, what was found and what was expected.
std::map<std::string, SafetensorsEntry> read_safetensors_header(const InputFile& file);

}  // namespace orrery
