#include "io/latents/attribute_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/core/error.h"
#include "io/latents/object_header.h"
#include "io/latents/stored_values.h"

namespace orrery::hdf5 {
namespace {

constexpr std::uint64_t kMostHeapBytes = std::uint64_t{1} << 30;

std::uint64_t padded(std::uint64_t bytes) { return (bytes + 7) / 8 * 8; }

// Walks over the heap collection at `address` to the object `index`, and on to the end. Returns the object's size.
std::uint64_t heap_object_bytes(const FileBytes& file, std::uint64_t address, std::uint64_t index,
                                const std::string& what) {
  constexpr std::uint64_t kPrefix = 16, kObjectPrefix = 16;
  Block prefix = file.block(address, kPrefix, what);
  prefix.require(prefix.text(4) == "GCOL" && prefix.number(1) == 1, "its global heap is damaged");
  prefix.skip(3);
  const std::uint64_t bytes = prefix.number(8);
  prefix.require(bytes >= kPrefix && bytes <= kMostHeapBytes, "its global heap is damaged");
  Block objects = file.block(address, bytes, what);
  objects.skip(kPrefix);
  std::uint64_t found = 0;
  while (objects.left() >= kObjectPrefix) {
    const std::uint64_t number = objects.number(2);
    objects.skip(6);
    const std::uint64_t size = objects.number(8);
    // Object 0 is the free space, and its size has the prefix in it.
    const bool fits = size <= bytes && (number > 0 || size >= kObjectPrefix);
    objects.require(fits, fmt::format("its global heap is damaged: an object of {} bytes", size));
    objects.skip(number > 0 ? padded(size) : size - kObjectPrefix);
    if (number > 0 && number == index) found = size;
  }
  return found;
}

void check_variable_length(const FileBytes& file, Block& values, std::uint64_t count, std::uint64_t item_bytes) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t length = values.number(4);
    const std::uint64_t address = values.number(8);
    const std::uint64_t index = values.number(4);
    if (address == 0 || address == kNoAddress) continue;
    values.require(heap_object_bytes(file, address, index, values.what()) == length * item_bytes,
                   "its length is not that of its text in the global heap");
  }
}

}  // namespace

void check_attribute(const FileBytes& file, Block message) {
  const std::uint64_t version = message.number(1);
  const std::uint64_t flags = message.number(1);
  message.require(version >= 1 && version <= 3, "an attribute of an unknown version");
  message.require(version == 1 || flags == 0, "an attribute of a named type: not supported");
  const std::uint64_t name_bytes = message.number(2);
  const std::uint64_t type_bytes = message.number(2);
  const std::uint64_t space_bytes = message.number(2);
  if (version == 3) message.skip(1);  // character set
  const auto stored = [&](std::uint64_t bytes) { return version == 1 ? padded(bytes) : bytes; };
  const std::string_view padded_name = message.text(stored(name_bytes));
  const std::string name(padded_name.substr(0, padded_name.find('\0')));
  message.require(name.size() + 1 == name_bytes, "an attribute with a damaged name");
  const std::string what = message.what() + ": attribute " + name;
  Block type_block(std::string(message.text(stored(type_bytes))), what);
  Block space_block(std::string(message.text(stored(space_bytes))), what);
  const StoredType type = read_type(type_block);
  const auto extents = read_extents(space_block);
  const std::uint64_t count = extents ? count_of(extents->now, what) : 0;
  Block values(std::string(message.text(message.left())), what);
  values.require(count * type.bytes <= values.left(), "its value ends too early");
  if (type.item_bytes > 0) check_variable_length(file, values, count, type.item_bytes);
}

}  // namespace orrery::hdf5
