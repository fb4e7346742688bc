#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string_view>

namespace orrery {

// A dtype of the safetensors format. Weights are read from the floating types of 16 and 32 bits, and from float8_e4m3
// with a factor (ShardedCheckpoint).
struct StoredType {
  std::string_view name;
  int bits;
  std::optional<at::ScalarType> loads_as;
};

// nullptr when the format has no such dtype.
const StoredType* find_stored_type(std::string_view name);

}  // namespace orrery
