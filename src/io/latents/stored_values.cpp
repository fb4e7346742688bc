#include "io/latents/stored_values.h"

#include <fmt/format.h>

#include "base/core/error.h"

namespace orrery::hdf5 {
namespace {

// A clip of 100 latent frames at 1280x720 has under 2^27 values.
constexpr std::uint64_t kMostValues = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostNumberBytes = 16;
constexpr std::uint64_t kMostTextBytes = std::uint64_t{1} << 26;
constexpr int kMostNesting = 4;

enum class TypeClass : std::uint64_t {
  Integer = 0,
  Float = 1,
  Time = 2,
  Text = 3,
  Bits = 4,
  Opaque = 5,
  Compound = 6,
  Reference = 7,
  Enumeration = 8,
  VariableLength = 9,
  Array = 10
};

std::string bits(std::uint64_t bytes) { return std::to_string(8 * bytes); }

void check_bit_range(Block& block, std::uint64_t bytes) {
  const std::uint64_t offset = block.number(2);
  const std::uint64_t precision = block.number(2);
  block.require(bytes > 0 && bytes <= kMostNumberBytes && precision > 0 && offset + precision <= 8 * bytes,
                "a number type of impossible size");
}

void check_float(Block& block, std::uint64_t bytes, std::uint64_t sign) {
  check_bit_range(block, bytes);
  const std::uint64_t exponent = block.number(1);
  const std::uint64_t exponent_bits = block.number(1);
  const std::uint64_t mantissa = block.number(1);
  const std::uint64_t mantissa_bits = block.number(1);
  block.skip(4);  // bias
  const std::uint64_t all = 8 * bytes;
  block.require(exponent_bits > 0 && mantissa_bits > 0 && exponent_bits < 32 && exponent + exponent_bits <= all &&
                    mantissa + mantissa_bits <= all && sign < all,
                "a floating-point type of impossible layout");
}

StoredType read_nested(Block& block, int nesting);

std::string opaque_name(Block& block, std::uint64_t tag_bytes, std::uint64_t bytes) {
  const std::string tag(block.text(tag_bytes));
  const std::string shown = tag.substr(0, tag.find('\0'));
  return fmt::format("opaque of {} bytes{}", bytes, shown.empty() ? "" : " (" + shown + ")");
}

void check_enumeration(Block& block, std::uint64_t version, std::uint64_t members, int nesting) {
  const StoredType base = read_nested(block, nesting + 1);
  for (std::uint64_t i = 0; i < members; ++i) {
    std::size_t length = 1;
    while (block.number(1) != 0) ++length;
    if (version < 3) block.skip((8 - length % 8) % 8);
  }
  block.skip(members * base.bytes);
}

StoredType read_nested(Block& block, int nesting) {
  block.require(nesting <= kMostNesting, "a type inside a type inside a type");
  const std::uint64_t head = block.number(1);
  const std::uint64_t version = head >> 4U;
  const std::uint64_t flags = block.number(3);
  const std::uint64_t bytes = block.number(4);
  block.require(version >= 1 && version <= 4 && bytes > 0 && bytes <= kMostTextBytes, "a damaged type");
  StoredType type{"", false, false, bytes, 0};
  switch (static_cast<TypeClass>(head & 0xFU)) {
    case TypeClass::Integer:
      check_bit_range(block, bytes);
      type.is_integer = true;
      type.name = ((flags & 8U) != 0 ? "int" : "uint") + bits(bytes);
      break;
    case TypeClass::Float:
      check_float(block, bytes, flags >> 8U & 0xFFU);
      type.is_float = true;
      type.name = "float" + bits(bytes);
      break;
    case TypeClass::Text:
      type.name = "string";
      break;
    case TypeClass::Bits:
      check_bit_range(block, bytes);
      type.name = "bitfield" + bits(bytes);
      break;
    case TypeClass::Opaque:
      type.name = opaque_name(block, flags & 0xFFU, bytes);
      break;
    case TypeClass::Reference:
      type.name = "reference";
      break;
    case TypeClass::Enumeration:
      check_enumeration(block, version, flags & 0xFFFFU, nesting);
      type.name = "enumeration (bool?)";
      break;
    case TypeClass::VariableLength:
      type.item_bytes = read_nested(block, nesting + 1).bytes;
      block.require(bytes == 16, "a damaged type");
      type.name = "of variable length";
      break;
    case TypeClass::Compound:
      throw Error(block.what() +
                  ": its type is compound, as that of complex numbers: expected plain numbers or a text");
    default:
      throw Error(block.what() + ": a type (array, time or unknown) that no latent file has a use for");
  }
  return type;
}

}  // namespace

StoredType read_type(Block& block) { return read_nested(block, 0); }

std::optional<StoredExtents> read_extents(Block& block) {
  constexpr std::uint64_t kMostAxes = 32, kNull = 2;
  const std::uint64_t version = block.number(1);
  const std::uint64_t axes = block.number(1);
  const std::uint64_t flags = block.number(1);
  block.require((version == 1 || version == 2) && axes <= kMostAxes && flags <= 1, "a damaged shape");
  const bool is_null = version == 2 && block.number(1) == kNull;
  if (version == 1) block.skip(5);
  StoredExtents extents;
  for (std::uint64_t i = 0; i < axes; ++i) {
    extents.now.push_back(block.number(8));
    block.require(extents.now.back() <= kMostValues, "says that it has more values than any latents have");
  }
  for (const std::uint64_t extent : extents.now) {
    const std::uint64_t largest = (flags & 1U) == 0 ? extent : block.number(8);
    block.require(largest >= extent, "a damaged shape");
    extents.may_grow = extents.may_grow || largest > extent;
  }
  if (is_null) return std::nullopt;
  return extents;
}

std::uint64_t count_of(const std::vector<std::uint64_t>& extents, const std::string& what) {
  std::uint64_t count = 1;
  for (const std::uint64_t extent : extents) {
    if (extent == 0) return 0;
  }
  for (const std::uint64_t extent : extents) {
    require(extent <= kMostValues / count, what + ": says that it has more values than any latents have");
    count *= extent;
  }
  return count;
}

}  // namespace orrery::hdf5
