#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/latents/file_bytes.h"

namespace orrery::hdf5 {

// What a datatype message says.
struct StoredType {
  std::string name;  // "float32", "uint8", "enumeration", "opaque of 2 bytes (bfloat16)"
  bool is_float = false;
  bool is_integer = false;
  std::uint64_t bytes = 0;       // of one value
  std::uint64_t item_bytes = 0;  // of variable length: of one item, and the values are references; 0: of fixed length
};

// Reads a datatype and checks that every number in it makes sense. Throws Error; types that no latent file needs
// (compound, array, time) are refused by name.
StoredType read_type(Block& block);

struct StoredExtents {
  std::vector<std::uint64_t> now;
  bool may_grow = false;  // the largest extents that it may be given are larger
};

// The extents that a dataspace message says; none: it holds nothing at all. A scalar has no extents. Throws Error.
std::optional<StoredExtents> read_extents(Block& block);

// Product of the extents; throws Error where it is more than any latent has.
std::uint64_t count_of(const std::vector<std::uint64_t>& extents, const std::string& what);

}  // namespace orrery::hdf5
