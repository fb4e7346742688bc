#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/latents/file_bytes.h"

namespace orrery::hdf5 {

// The content of a datatype message.
struct StoredType {
  std::string name;  // "float32", "uint8", "enumeration", "opaque of 2 bytes (bfloat16)"
  bool is_float = false;
  bool is_integer = false;
  std::uint64_t bytes = 0;       // size of a value
  std::uint64_t item_bytes = 0;  // size of an item of a variable-length type, whose values are references; 0: fixed
};

// Reads a datatype and checks that every number in it makes sense. Throws Error; types that no latent file needs
// (compound, array, time) are refused by name.
StoredType read_type(Block& block);

struct StoredExtents {
  std::vector<std::uint64_t> now;
  bool may_grow = false;  // its maximum extents are larger
};

// Reads a dataspace message. None for a null dataspace, which has no values; an empty list of extents for a scalar.
// Throws Error.
std::optional<StoredExtents> read_extents(Block& block);

// Product of the extents; throws Error when it is larger than in any latent file.
std::uint64_t count_of(const std::vector<std::uint64_t>& extents, const std::string& what);

}  // namespace orrery::hdf5
